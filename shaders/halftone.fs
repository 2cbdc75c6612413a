/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Printed dots: four inks on paper with their screens turned against each other, coloured lamps on black, or one ink.",
  "CATEGORIES": ["Print"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "print", "LABEL": "How it is printed", "TYPE": "long", "DEFAULT": 1, "VALUES": [0, 1, 2], "LABELS": ["Four inks on paper", "Three lamps on black", "One ink"] },
    { "NAME": "size", "LABEL": "Distance of the dots, in hundredths of the height", "TYPE": "float", "DEFAULT": 1.6, "MIN": 0.5, "MAX": 10 },
    { "NAME": "angle", "LABEL": "Turns the screens, in turns", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "softness", "LABEL": "Softness of the dots", "TYPE": "float", "DEFAULT": 0.1, "MIN": 0, "MAX": 1 },
    { "NAME": "gain", "LABEL": "How large the dots are", "TYPE": "float", "DEFAULT": 1, "MIN": 0.4, "MAX": 2 },
    { "NAME": "ink", "LABEL": "The one ink", "TYPE": "color", "DEFAULT": [0.95, 0.25, 0.2, 1.0] },
    { "NAME": "paper", "LABEL": "The paper", "TYPE": "color", "DEFAULT": [0.97, 0.95, 0.9, 1.0] }
  ]
}*/

// Part of a screen's cell that is covered, from a spot function: round dots in the light, round
// holes in the dark, a chessboard between.
float screen(vec2 p, float degrees_, vec4 take) {
    float a = radians(degrees_) + 6.2831853 * angle;
    mat2 turned = mat2(cos(a), sin(a), -sin(a), cos(a));
    float cell = 0.01 * size;
    vec2 q = turned * p / cell;
    vec2 middle = (floor(q) + 0.5) * turned * cell;                      // back: the transpose is the inverse
    vec2 at = middle / vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0) + 0.5;
    vec3 c = clamp(IMG_NORM_PIXEL(inputImage, at).rgb, 0.0, 1.0);
    c = pow(c, vec3(1.0 / gain));
    vec3 parts = take.w > 0.5 ? 1.0 - c : c;
    float value = dot(parts, take.xyz);
    vec2 wave = cos(6.2831853 * (fract(q) - 0.5));
    float spot = 0.5 - 0.25 * (wave.x + wave.y);                         // 0 in the middle, 1 in the corners
    float edge = 0.02 + 1.1 / (RENDERSIZE.y * cell) + 0.35 * softness;
    return smoothstep(-edge, edge, mix(-edge, 1.0 + edge, value) - spot);
}

void main() {
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec3 lit;
    if (print == 0) {
        float cyan = screen(p, 15.0, vec4(1.0, 0.0, 0.0, 1.0));
        float magenta = screen(p, 75.0, vec4(0.0, 1.0, 0.0, 1.0));
        float yellow = screen(p, 0.0, vec4(0.0, 0.0, 1.0, 1.0));
        lit = paper.rgb * mix(vec3(1.0), vec3(0.0, 0.62, 0.87), cyan) * mix(vec3(1.0), vec3(0.88, 0.05, 0.5), magenta)
            * mix(vec3(1.0), vec3(1.0, 0.9, 0.05), yellow);
    } else if (print == 1) {
        lit = vec3(screen(p, 15.0, vec4(1.0, 0.0, 0.0, 0.0)), screen(p, 45.0, vec4(0.0, 1.0, 0.0, 0.0)),
                   screen(p, 75.0, vec4(0.0, 0.0, 1.0, 0.0)));
    } else {
        lit = mix(paper.rgb, ink.rgb, screen(p, 45.0, vec4(0.299, 0.587, 0.114, 1.0)));
    }
    gl_FragColor = vec4(lit, IMG_THIS_PIXEL(inputImage).a);
}
