/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Blur and bloom: the picture out of focus, or a veil of light around its bright places.",
  "CATEGORIES": ["Light"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "radius", "LABEL": "Radius, in picture heights", "TYPE": "float", "DEFAULT": 0.04, "MIN": 0, "MAX": 0.2 },
    { "NAME": "focus", "LABEL": "Sharp or blurred", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "bloom", "LABEL": "Bloom", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 1 },
    { "NAME": "threshold", "LABEL": "What is brighter than this blooms", "TYPE": "float", "DEFAULT": 0.25, "MIN": 0, "MAX": 1 }
  ],
  "PASSES": [
    { "TARGET": "across", "WIDTH": "max($WIDTH / 4, 1)", "HEIGHT": "max($HEIGHT / 4, 1)" },
    { "TARGET": "soft", "WIDTH": "max($WIDTH / 4, 1)", "HEIGHT": "max($HEIGHT / 4, 1)" },
    {}
  ]
}*/

// A Gaussian of 13 taps, in the square of the values, which is near enough to light.
vec4 blur(sampler2D image, vec2 direction, bool is_light) {
    vec4 sum = vec4(0.0);
    float total = 0.0;
    for (int i = -6; i <= 6; i++) {
        float w = exp(-float(i * i) / 12.0);
        vec4 c = IMG_NORM_PIXEL(image, isf_FragNormCoord + direction * radius * float(i) / 5.0);
        sum += w * (is_light ? c : vec4(c.rgb * c.rgb * c.a, c.a));
        total += w;
    }
    return sum / total;
}

void main() {
    if (PASSINDEX == 0) {
        gl_FragColor = blur(inputImage, vec2(RENDERSIZE.y / RENDERSIZE.x, 0.0), false);
    } else if (PASSINDEX == 1) {
        gl_FragColor = blur(across, vec2(0.0, 1.0), true);
    } else {
        vec4 here = IMG_THIS_PIXEL(inputImage);
        vec4 veil = IMG_THIS_PIXEL(soft);
        float alpha = mix(here.a, veil.a, focus);
        vec3 lit = mix(here.rgb * here.rgb * here.a, veil.rgb, focus);
        lit /= alpha < 0.999 ? max(alpha, 1e-4) : 1.0;
        float level = threshold * threshold;
        vec3 glow = max(veil.rgb - level, 0.0) / max(1.0 - level, 0.05);
        lit += glow * bloom * (1.0 - 0.6 * min(lit, 1.0));
        gl_FragColor = vec4(sqrt(lit), alpha);
    }
}
