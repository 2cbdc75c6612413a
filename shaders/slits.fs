/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "A wall with upright slits: doors ajar onto one long picture. Each opens and closes at its own pace, down to a seam of light; between them the wall is true black.",
  "CATEGORIES": ["Composition"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "count", "LABEL": "Number of slits", "TYPE": "long", "DEFAULT": 9, "MIN": 1, "MAX": 48 },
    { "NAME": "open", "LABEL": "How far they open", "TYPE": "float", "DEFAULT": 0.8, "MIN": 0, "MAX": 1 },
    { "NAME": "pace", "LABEL": "Pace of opening and closing", "TYPE": "long", "DEFAULT": 3, "MIN": 0, "MAX": 30 },
    { "NAME": "shift", "LABEL": "Moves every slit through its opening, in cycles", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "seam", "LABEL": "Light of the edges", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 2 },
    { "NAME": "spill", "LABEL": "How far the light spills over the wall", "TYPE": "float", "DEFAULT": 0.15, "MIN": 0, "MAX": 1 },
    { "NAME": "exposure", "LABEL": "Exposure, in stops", "TYPE": "float", "DEFAULT": 0, "MIN": -4, "MAX": 4 },
    { "NAME": "tint", "LABEL": "Colour of the edges", "TYPE": "color", "DEFAULT": [1.0, 0.84, 0.66, 1.0] }
  ]
}*/

float hash(float n) { return fract(sin(n * 12.9898 + 4.1414) * 43758.5453); }

// Whole cycles per hour, so that the hour's end meets its beginning.
float cycle(float n, float least) {
    return 6.2831853 * (hash(n) + shift + TIME * floor((least + 9.0 * hash(n + 3.0)) * float(pace)) / 3600.0);
}

void main() {
    float n = float(count);
    float cell = floor(isf_FragNormCoord.x * n);
    float inside = fract(isf_FragNormCoord.x * n) - 0.5;
    float wide = RENDERSIZE.x / RENDERSIZE.y / n;             // of a cell, in picture heights

    float swell = 0.5 + 0.5 * cos(cycle(cell + 11.0, 16.0));
    float half_ = 0.44 * open * mix(0.1, 1.0, swell * swell) * (0.35 + 0.65 * hash(cell + 23.0));
    float middle = (0.44 - half_) * sin(cycle(cell + 41.0, 7.0));
    float away = abs(inside - middle) - half_;                // < 0 in the slit, in cells
    float height = away * wide;                               // in picture heights

    vec4 here = IMG_THIS_PIXEL(inputImage);
    float x = (cell + 0.5 + middle + sign(inside - middle) * half_) / n;
    vec3 rim = IMG_NORM_PIXEL(inputImage, vec2(x, isf_FragNormCoord.y)).rgb;
    rim = rim * rim * (0.4 + tint.rgb * tint.rgb);
    float beam = dot(rim, vec3(0.3, 0.5, 0.2));

    float pixel = 1.0 / RENDERSIZE.y;
    vec3 lit = here.rgb * here.rgb * (1.0 - smoothstep(-pixel, 0.5 * pixel, height));
    float dark = abs(height) - 0.5 * max(0.0035, 1.5 * pixel);
    float line = 1.0 - smoothstep(-0.5 * pixel, 0.5 * pixel, dark);
    float v = isf_FragNormCoord.y - 0.5;
    float faint = exp(-9.0 * v * v) * 0.05;
    lit += seam * line * (rim * 2.2 + tint.rgb * tint.rgb * (faint + 0.5 * beam));
    // the light that spills ends softly at the next door
    float room = smoothstep(0.0, 0.14, (0.5 - abs(inside)) * wide);
    lit += spill * rim * 0.5 * exp(-max(height, 0.0) * 26.0) * step(0.0, height) * seam * room;
    lit = max(lit * exp2(exposure) - 0.003, 0.0);
    gl_FragColor = vec4(sqrt(lit / (1.0 + 0.3 * lit)), here.a);
}
