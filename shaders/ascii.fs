/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "The picture written in characters, like a terminal: from a full stop for the dark to a block for the bright.",
  "CATEGORIES": ["Print"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "lines", "LABEL": "Lines of text", "TYPE": "long", "DEFAULT": 48, "MIN": 12, "MAX": 180 },
    { "NAME": "gamma", "LABEL": "More or fewer full characters", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0.3, "MAX": 3 },
    { "NAME": "colour", "LABEL": "One ink or the picture's colours", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 1 },
    { "NAME": "vivid", "LABEL": "How bright the characters are", "TYPE": "float", "DEFAULT": 0.9, "MIN": 0, "MAX": 1 },
    { "NAME": "ink", "LABEL": "The ink", "TYPE": "color", "DEFAULT": [0.35, 1.0, 0.5, 1.0] },
    { "NAME": "ground", "LABEL": "The ground", "TYPE": "color", "DEFAULT": [0.0, 0.0, 0.0, 1.0] },
    { "NAME": "behind", "LABEL": "How much of the picture lies behind", "TYPE": "float", "DEFAULT": 0.16, "MIN": 0, "MAX": 1 }
  ]
}*/

// Our own font, five by five: a row is five bits, the top row is the highest.
const int GLYPHS[12] = int[12](
    0,                                                                   // space
    4,                                                                   // full stop
    131200,                                                              // :
    14336,                                                               // -
    145536,                                                              // +
    18393412,                                                            // v
    18157905,                                                            // x
    1016800,                                                             // =
    15259182,                                                            // o
    18415153,                                                            // H
    11512810,                                                            // #
    33087231                                                             // @
);

float lit(int level, vec2 p) {
    ivec2 at = ivec2(floor(p));
    if (at.x < 0 || at.x > 4 || at.y < 0 || at.y > 4) {
        return 0.0;
    }
    int bits = GLYPHS[0];
    for (int k = 1; k < 12; k++) {
        bits = k == level ? GLYPHS[k] : bits;
    }
    return float((bits >> (5 * at.y + 4 - at.x)) & 1);
}

void main() {
    float rows = float(lines);
    vec2 cells = vec2(floor(rows * RENDERSIZE.x / RENDERSIZE.y * 1.0), rows);
    vec2 place = isf_FragNormCoord * cells;
    vec2 cell = floor(place);
    vec2 d = 0.25 / cells;
    vec2 at = (cell + 0.5) / cells;
    vec4 c = 0.25 * (IMG_NORM_PIXEL(inputImage, at + d) + IMG_NORM_PIXEL(inputImage, at - d)
                   + IMG_NORM_PIXEL(inputImage, at + vec2(d.x, -d.y)) + IMG_NORM_PIXEL(inputImage, at + vec2(-d.x, d.y)));
    float l = pow(clamp(dot(c.rgb, vec3(0.299, 0.587, 0.114)), 0.0, 1.0), gamma);
    int level = int(min(l * 12.0, 11.0));
    // Four places in the pixel: at every size the strokes have soft edges.
    vec2 q = fract(place) * 6.0 - 0.5;
    vec2 e = 1.5 * cells / RENDERSIZE;
    float on = 0.25 * (lit(level, q + e) + lit(level, q - e) + lit(level, q + vec2(e.x, -e.y)) + lit(level, q + vec2(-e.x, e.y)));
    vec3 hue = c.rgb / max(max(c.r, max(c.g, c.b)), 0.05);
    vec3 own = mix(c.rgb, hue, vivid);
    vec3 pen = mix(ink.rgb * mix(l, 1.0, vivid), own, colour);
    vec4 here = IMG_THIS_PIXEL(inputImage);
    vec3 under = mix(ground.rgb, here.rgb, behind);
    gl_FragColor = vec4(mix(under, pen, on), mix(mix(ground.a, 1.0, behind), 1.0, on) * here.a);
}
