/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "A kaleidoscope: the picture between two mirrors that meet, and, on wish, between more of them, so that the star repeats itself outwards.",
  "CATEGORIES": ["Geometry"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "segments", "LABEL": "Number of mirrored pairs", "TYPE": "long", "DEFAULT": 6, "MIN": 1, "MAX": 24 },
    { "NAME": "hall", "LABEL": "How often the star is mirrored outwards", "TYPE": "long", "DEFAULT": 1, "MIN": 0, "MAX": 4 },
    { "NAME": "radius", "LABEL": "Where the outer mirrors stand, in picture heights", "TYPE": "float", "DEFAULT": 0.42, "MIN": 0.1, "MAX": 1 },
    { "NAME": "view", "LABEL": "Which place of the picture is seen", "TYPE": "point2D", "DEFAULT": [0.5, 0.5], "MIN": [0, 0], "MAX": [1, 1] },
    { "NAME": "zoom", "LABEL": "Zoom into it", "TYPE": "float", "DEFAULT": 0.55, "MIN": 0.25, "MAX": 4 },
    { "NAME": "turn", "LABEL": "Turns the mirrors, in turns", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "roll", "LABEL": "Turns the picture behind them, in turns", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "turning", "LABEL": "Turns of the picture per hour", "TYPE": "long", "DEFAULT": 40, "MIN": -600, "MAX": 600 },
    { "NAME": "centre", "LABEL": "Centre of the star", "TYPE": "point2D", "DEFAULT": [0.5, 0.5], "MIN": [0, 0], "MAX": [1, 1] }
  ]
}*/

const float TURN = 6.2831853;

mat2 turned(float turns) {
    float c = cos(TURN * turns);
    float s = sin(TURN * turns);
    return mat2(c, s, -s, c);
}

// Folds the plane into the wedge around the x axis.
vec2 wedge(vec2 p, float angle) {
    float a = atan(p.y, p.x + 1e-9);
    a = abs(mod(a + 0.5 * angle, angle) - 0.5 * angle);
    return length(p) * vec2(cos(a), sin(a));
}

void main() {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 p = turned(-turn) * ((isf_FragNormCoord - centre) * square);
    float angle = TURN / float(segments);
    p = wedge(p, angle);
    for (int k = 0; k < 4; k++) {
        if (k < hall && p.x > radius) {
            p = wedge(vec2(2.0 * radius - p.x, p.y), angle);
        }
    }
    p = turned(roll + TIME * float(turning) / 3600.0) * (p / zoom);
    vec2 at = mod(view + p / square, 2.0);
    gl_FragColor = IMG_NORM_PIXEL(inputImage, 1.0 - abs(1.0 - at));      // beyond the edges it is mirrored
}
