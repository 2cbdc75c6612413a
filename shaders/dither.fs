/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Ordered dither, as early computers drew: large square dots and few tones, in the picture's own colours or in two inks.",
  "CATEGORIES": ["Print"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "lines", "LABEL": "Dots from top to bottom", "TYPE": "long", "DEFAULT": 180, "MIN": 24, "MAX": 720 },
    { "NAME": "tones", "LABEL": "Number of tones", "TYPE": "long", "DEFAULT": 2, "MIN": 2, "MAX": 8 },
    { "NAME": "contrast", "LABEL": "Contrast", "TYPE": "float", "DEFAULT": 1.2, "MIN": 0.2, "MAX": 3 },
    { "NAME": "brightness", "LABEL": "Brightness", "TYPE": "float", "DEFAULT": 0, "MIN": -0.5, "MAX": 0.5 },
    { "NAME": "inks", "LABEL": "Own colours or two inks", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "dark", "LABEL": "Dark ink", "TYPE": "color", "DEFAULT": [0.03, 0.03, 0.1, 1.0] },
    { "NAME": "bright", "LABEL": "Bright ink", "TYPE": "color", "DEFAULT": [0.95, 0.9, 0.75, 1.0] }
  ]
}*/

// Bayer 1973, "An optimum method for two-level rendition of continuous-tone pictures": the 8 by 8
// matrix is the place's bits, interleaved and read backwards.
float bayer(ivec2 p) {
    int a = (p.x ^ p.y) & 7;
    int b = p.y & 7;
    int v = ((a & 1) << 5) | ((b & 1) << 4) | ((a & 2) << 2) | ((b & 2) << 1) | ((a & 4) >> 1) | ((b & 4) >> 2);
    return (float(v) + 0.5) / 64.0;
}

void main() {
    float rows = min(float(lines), RENDERSIZE.y);
    vec2 cells = vec2(rows * RENDERSIZE.x / RENDERSIZE.y, rows);
    vec2 cell = floor(isf_FragNormCoord * cells);
    vec2 at = (cell + 0.5) / cells;
    vec2 d = 0.25 / cells;
    vec4 c = 0.25 * (IMG_NORM_PIXEL(inputImage, at + d) + IMG_NORM_PIXEL(inputImage, at - d)
                   + IMG_NORM_PIXEL(inputImage, at + vec2(d.x, -d.y)) + IMG_NORM_PIXEL(inputImage, at + vec2(-d.x, d.y)));
    vec3 v = clamp((c.rgb - 0.5) * contrast + 0.5 + brightness, 0.0, 1.0);
    float steps = float(tones - 1);
    float threshold = bayer(ivec2(cell));
    vec3 own = min(floor(v * steps + threshold), steps) / steps;
    float grey = dot(v, vec3(0.299, 0.587, 0.114));
    float level = min(floor(grey * steps + threshold), steps) / steps;
    gl_FragColor = vec4(mix(own, mix(dark.rgb, bright.rgb, level), inks), IMG_THIS_PIXEL(inputImage).a);
}
