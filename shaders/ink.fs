/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Contour lines: the picture's brightness drawn as a map, in light on black; as on maps, every few lines one is thicker, and in a colour of its own.",
  "CATEGORIES": ["Line"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "levels", "LABEL": "Number of lines from black to white", "TYPE": "float", "DEFAULT": 9, "MIN": 1, "MAX": 40 },
    { "NAME": "weight", "LABEL": "Thickness of the line, in 1/1000 of the height", "TYPE": "float", "DEFAULT": 2.4, "MIN": 0.5, "MAX": 12 },
    { "NAME": "rise", "LABEL": "Levels climbed per hour", "TYPE": "long", "DEFAULT": 240, "MIN": -3600, "MAX": 3600 },
    { "NAME": "edges", "LABEL": "Light on steep places", "TYPE": "float", "DEFAULT": 0.25, "MIN": 0, "MAX": 1 },
    { "NAME": "fill", "LABEL": "How much of the picture shows", "TYPE": "float", "DEFAULT": 0.1, "MIN": 0, "MAX": 1 },
    { "NAME": "colour", "LABEL": "How much of the picture's colour the lines take", "TYPE": "float", "DEFAULT": 0.7, "MIN": 0, "MAX": 1 },
    { "NAME": "ink", "LABEL": "Colour of the ink", "TYPE": "color", "DEFAULT": [0.95, 0.92, 0.86, 1.0] },
    { "NAME": "every", "LABEL": "Every so many lines one is another ink; 0: none", "TYPE": "long", "DEFAULT": 0, "MIN": 0, "MAX": 12 },
    { "NAME": "accent", "LABEL": "Colour of that line", "TYPE": "color", "DEFAULT": [1.0, 0.28, 0.12, 1.0] },
    { "NAME": "stress", "LABEL": "How much thicker it is", "TYPE": "float", "DEFAULT": 1.6, "MIN": 0.5, "MAX": 4 }
  ]
}*/

const float STEP = 1.0 / 360.0;

float luminance(vec3 c) { return dot(c, vec3(0.299, 0.587, 0.114)); }

float at(vec2 offset) {
    vec2 p = isf_FragNormCoord + offset * STEP * vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0);
    return luminance(IMG_NORM_PIXEL(inputImage, p).rgb);
}

void main() {
    vec4 here = IMG_THIS_PIXEL(inputImage);
    float east = at(vec2(1.0, 0.0));
    float west = at(vec2(-1.0, 0.0));
    float north = at(vec2(0.0, 1.0));
    float south = at(vec2(0.0, -1.0));
    float own = 0.2 * (luminance(here.rgb) + east + west + north + south);
    float steep = length(vec2(east - west, north - south)) / (2.0 * STEP);   // per picture height

    float level = own * levels - TIME * float(rise) / 3600.0;
    float away = abs(fract(level) - 0.5) / max(steep * levels, 1e-3);        // in picture heights
    float pixel = 1.0 / RENDERSIZE.y;
    bool other = every > 0 && mod(floor(level), float(max(every, 1))) == 0.0;
    float half_ = 0.0005 * weight * (other ? stress : 1.0);
    float line = 1.0 - smoothstep(half_ - 0.5 * pixel, half_ + pixel, away);
    line *= min(2.0 * half_ / pixel, 1.0);                                   // thinner than a pixel: fainter
    line *= smoothstep(0.15, 0.9, steep) * smoothstep(0.02, 0.14, own);      // flat and black stay empty

    vec3 hue = here.rgb / max(max(here.r, max(here.g, here.b)), 0.05);
    vec3 pen = other ? accent.rgb : mix(ink.rgb, hue, colour);
    float strength = line * (0.35 + 0.65 * own) + edges * smoothstep(2.0, 14.0, steep) * own * 0.8;
    vec3 lit = pen * pen * strength + here.rgb * here.rgb * fill;
    gl_FragColor = vec4(sqrt(lit), here.a);
}
