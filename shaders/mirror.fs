/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "One, two or four mirrors at any angle: half of the picture, and its reflection.",
  "CATEGORIES": ["Geometry"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "mirrors", "LABEL": "Mirrors", "TYPE": "long", "DEFAULT": 0, "VALUES": [0, 1, 2], "LABELS": ["One", "Two, crossed", "Four, as a frame"] },
    { "NAME": "angle", "LABEL": "How the mirror stands, in turns", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "place", "LABEL": "Where it stands, from the middle, in picture heights", "TYPE": "float", "DEFAULT": 0, "MIN": -0.5, "MAX": 0.5 },
    { "NAME": "shift", "LABEL": "Moves the picture in front of it", "TYPE": "point2D", "DEFAULT": [0, 0], "MIN": [-1, -1], "MAX": [1, 1] },
    { "NAME": "frame", "LABEL": "Half the side of the frame, in picture heights", "TYPE": "float", "DEFAULT": 0.3, "MIN": 0.05, "MAX": 0.5 }
  ]
}*/

void main() {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float a = 6.2831853 * angle;
    mat2 turned = mat2(cos(a), -sin(a), sin(a), cos(a));
    vec2 p = turned * ((isf_FragNormCoord - 0.5) * square);
    if (mirrors == 0) {
        p.x = place - abs(p.x - place);
    } else if (mirrors == 1) {
        p = place - abs(p - place);
    } else {
        p = frame - abs(mod(p - place + frame, 4.0 * frame) - 2.0 * frame) + place;
    }
    vec2 at = mod((p * turned) / square + 0.5 + shift, 2.0);
    gl_FragColor = IMG_NORM_PIXEL(inputImage, 1.0 - abs(1.0 - at));      // beyond the edges it is mirrored
}
