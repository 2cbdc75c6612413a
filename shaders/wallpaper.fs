/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "A cut of the picture repeats without a seam over the whole wall, by the symmetries of wallpapers: six-fold stars, four-fold tiles, mirrored bricks.",
  "CATEGORIES": ["Geometry"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "symmetry", "LABEL": "Symmetry", "TYPE": "long", "DEFAULT": 0, "VALUES": [0, 1, 2], "LABELS": ["Six-fold", "Four-fold", "Mirrored bricks"] },
    { "NAME": "size", "LABEL": "Size of a tile, in picture heights", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0.1, "MAX": 2 },
    { "NAME": "view", "LABEL": "Which place of the picture is seen", "TYPE": "point2D", "DEFAULT": [0.5, 0.5], "MIN": [0, 0], "MAX": [1, 1] },
    { "NAME": "zoom", "LABEL": "Zoom into it", "TYPE": "float", "DEFAULT": 0.4, "MIN": 0.25, "MAX": 4 },
    { "NAME": "roll", "LABEL": "Turns the picture in the tiles, in turns", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "turning", "LABEL": "Turns of the picture per hour", "TYPE": "long", "DEFAULT": 60, "MIN": -600, "MAX": 600 },
    { "NAME": "turn", "LABEL": "Turns the wall, in turns", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "drift", "LABEL": "Moves the wall, in tiles", "TYPE": "point2D", "DEFAULT": [0, 0], "MIN": [-1, -1], "MAX": [1, 1] }
  ]
}*/

const float TURN = 6.2831853;
const vec2 HEXAGON = vec2(1.0, 1.7320508);

mat2 turned(float turns) {
    float c = cos(TURN * turns);
    float s = sin(TURN * turns);
    return mat2(c, s, -s, c);
}

// From the nearest point of a hexagonal lattice, which is two rectangular ones.
vec2 honeycomb(vec2 p) {
    vec2 a = mod(p, HEXAGON) - 0.5 * HEXAGON;
    vec2 b = mod(p - 0.5 * HEXAGON, HEXAGON) - 0.5 * HEXAGON;
    return dot(a, a) < dot(b, b) ? a : b;
}

void main() {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 p = turned(-turn) * ((isf_FragNormCoord - 0.5) * square) / size + drift;
    if (symmetry == 0) {                       // p6m: the twelve mirrors of a hexagon
        p = honeycomb(p + 0.5 * HEXAGON);
        float a = atan(p.y, p.x + 1e-9);
        a = abs(mod(a + TURN / 12.0, TURN / 6.0) - TURN / 12.0);
        p = length(p) * vec2(cos(a), sin(a));
    } else if (symmetry == 1) {                // p4m: a square and its diagonals
        p = abs(mod(p, 1.0) - 0.5);
        p = p.x < p.y ? p.yx : p;
    } else {                                   // pmm
        p = 0.5 - abs(mod(p, 2.0) - 1.0);
    }
    p = turned(roll + TIME * float(turning) / 3600.0) * p * size / zoom;
    vec2 at = mod(view + p / square, 2.0);
    gl_FragColor = IMG_NORM_PIXEL(inputImage, 1.0 - abs(1.0 - at));      // beyond the edges it is mirrored
}
