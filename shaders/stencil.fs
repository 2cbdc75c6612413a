/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Two tones cut along one brightness, with a clean edge: a stencil, a shadow play, or a mask that cuts a layer out.",
  "CATEGORIES": ["Print"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "threshold", "LABEL": "Brightness at which it is cut", "TYPE": "float", "DEFAULT": 0.35, "MIN": 0.05, "MAX": 0.9 },
    { "NAME": "softness", "LABEL": "Softness of the cut", "TYPE": "float", "DEFAULT": 0.02, "MIN": 0, "MAX": 1 },
    { "NAME": "calm", "LABEL": "Smooths the forms, in hundredths of the height", "TYPE": "float", "DEFAULT": 0.8, "MIN": 0, "MAX": 3 },
    { "NAME": "result", "LABEL": "What it makes", "TYPE": "long", "DEFAULT": 0, "VALUES": [0, 1, 2], "LABELS": ["Two colours", "Picture, the dark cut out", "Picture, the bright cut out"] },
    { "NAME": "dark", "LABEL": "The dark colour", "TYPE": "color", "DEFAULT": [0.04, 0.05, 0.08, 1.0] },
    { "NAME": "bright", "LABEL": "The bright colour", "TYPE": "color", "DEFAULT": [0.96, 0.35, 0.22, 1.0] }
  ]
}*/

float light(vec2 offset) {
    vec2 d = 0.01 * calm * vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0);
    return dot(IMG_NORM_PIXEL(inputImage, isf_FragNormCoord + offset * d).rgb, vec3(0.299, 0.587, 0.114));
}

void main() {
    vec4 here = IMG_THIS_PIXEL(inputImage);
    float l = 0.25 * light(vec2(0.0));
    for (int k = 0; k < 6; k++) {
        float a = 1.0471976 * float(k);
        l += 0.125 * light(vec2(cos(a), sin(a)));
    }
    float wide = max(0.5 * softness, 0.75 * fwidth(l) + 1e-4);
    float cut = smoothstep(threshold - wide, threshold + wide, l);
    if (result == 0) {
        vec4 c = mix(dark, bright, cut);
        gl_FragColor = vec4(c.rgb, c.a * here.a);
    } else {
        gl_FragColor = vec4(here.rgb, here.a * (result == 1 ? cut : 1.0 - cut));
    }
}
