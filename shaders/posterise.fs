/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "A screen print: few flat tones with clean edges, a thin line between them on wish.",
  "CATEGORIES": ["Print"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "tones", "LABEL": "Number of tones", "TYPE": "long", "DEFAULT": 5, "MIN": 2, "MAX": 16 },
    { "NAME": "tone", "LABEL": "Of each colour, or of the lightness alone", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 1 },
    { "NAME": "gamma", "LABEL": "More dark or more bright tones", "TYPE": "float", "DEFAULT": 0.8, "MIN": 0.3, "MAX": 3 },
    { "NAME": "calm", "LABEL": "Smooths the forms, in hundredths of the height", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 3 },
    { "NAME": "line", "LABEL": "Strength of the line between tones", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "saturation", "LABEL": "Saturation of the inks", "TYPE": "float", "DEFAULT": 1.4, "MIN": 0, "MAX": 3 }
  ]
}*/

float luminance(vec3 c) { return dot(c, vec3(0.299, 0.587, 0.114)); }

vec4 smoothed() {
    vec2 d = 0.01 * calm * vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0);
    vec4 sum = 4.0 * IMG_THIS_PIXEL(inputImage);
    for (int k = 0; k < 8; k++) {
        float a = 0.7853982 * float(k);
        sum += IMG_NORM_PIXEL(inputImage, isf_FragNormCoord + d * vec2(cos(a), sin(a)) * (k % 2 == 0 ? 1.0 : 0.6));
    }
    return sum / 12.0;
}

// Nearest of n tones, with an edge as wide as a pixel.
float step_of(float v, float n) {
    float x = clamp(v, 0.0, 1.0) * n;
    float wide = clamp(fwidth(x), 1e-4, 0.5);
    float whole = floor(x);
    float soft = clamp((fract(x) - (1.0 - wide)) / wide, 0.0, 1.0);
    return clamp((whole + soft) / (n - 1.0), 0.0, 1.0);
}

void main() {
    vec4 c = smoothed();
    float n = float(tones);
    float l = pow(clamp(luminance(c.rgb), 0.0, 1.0), gamma);
    float level = step_of(l, n);
    vec3 each = pow(clamp(c.rgb, 0.0, 1.0), vec3(gamma));
    vec3 parts = vec3(step_of(each.r, n), step_of(each.g, n), step_of(each.b, n));
    vec3 hue = c.rgb / max(luminance(c.rgb), 0.02);
    hue = max(mix(vec3(1.0), hue, saturation), 0.0);
    vec3 flat_ = min(hue * pow(level, 1.0 / gamma), 1.0);
    vec3 ink = mix(pow(parts, vec3(1.0 / gamma)), flat_, tone);
    float x = l * n;
    float near = abs(fract(x - 0.5) - 0.5) / max(fwidth(x), 1e-3);
    float drawn = line * (1.0 - smoothstep(0.6, 1.8, near * 720.0 / RENDERSIZE.y)) * step(0.5, x) * step(x, n - 0.5);
    gl_FragColor = vec4(ink * (1.0 - drawn), IMG_THIS_PIXEL(inputImage).a);
}
