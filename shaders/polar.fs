/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "The picture bent into a ring, so that its left edge meets its right one, or a ring unrolled into a band.",
  "CATEGORIES": ["Geometry"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "way", "LABEL": "Which way", "TYPE": "long", "DEFAULT": 0, "VALUES": [0, 1], "LABELS": ["Into a ring", "Unrolled"] },
    { "NAME": "repeats", "LABEL": "How often it goes round, and mirrored back", "TYPE": "long", "DEFAULT": 1, "MIN": 1, "MAX": 12 },
    { "NAME": "inner", "LABEL": "Inner radius, in picture heights", "TYPE": "float", "DEFAULT": 0.08, "MIN": 0, "MAX": 0.6 },
    { "NAME": "outer", "LABEL": "Outer radius, in picture heights", "TYPE": "float", "DEFAULT": 1, "MIN": 0.2, "MAX": 2 },
    { "NAME": "turn", "LABEL": "Turns the ring, in turns", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "turning", "LABEL": "Turns per hour", "TYPE": "long", "DEFAULT": 20, "MIN": -600, "MAX": 600 },
    { "NAME": "spiral", "LABEL": "Twist from the inside out, in turns", "TYPE": "float", "DEFAULT": 0, "MIN": -1, "MAX": 1 },
    { "NAME": "centre", "LABEL": "Centre of the ring", "TYPE": "point2D", "DEFAULT": [0.5, 0.5], "MIN": [0, 0], "MAX": [1, 1] }
  ]
}*/

const float TURN = 6.2831853;

void main() {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float now = turn + TIME * float(turning) / 3600.0;
    float wide = max(outer - inner, 0.05);
    vec2 at;
    float shown = 1.0;
    if (way == 0) {
        vec2 p = (isf_FragNormCoord - centre) * square;
        float r = length(p);
        float depth = (r - inner) / wide;
        float round_ = atan(p.y, p.x + 1e-9) / TURN + now + spiral * depth;
        at = vec2(2.0 * round_ * float(repeats), abs(depth));            // there and mirrored back: no seam
        float pixel = 1.0 / RENDERSIZE.y;
        shown = smoothstep(-pixel, pixel, r - inner);
        if (inner <= 0.0) {
            shown = 1.0;
        }
    } else {
        float a = TURN * (isf_FragNormCoord.x / float(repeats) + now + spiral * isf_FragNormCoord.y);
        float r = inner + wide * 0.5 * isf_FragNormCoord.y;
        at = centre + r * vec2(cos(a), sin(a)) / square;
    }
    at = 1.0 - abs(1.0 - mod(at, 2.0));                                  // beyond the edges it is mirrored
    vec4 here = IMG_NORM_PIXEL(inputImage, at);
    gl_FragColor = vec4(here.rgb, here.a * shown);
}
