/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Outlines as glass tubes: a white core, a coloured wall, and their light on the picture, which sinks into the dark.",
  "CATEGORIES": ["Line"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "width", "LABEL": "Width of the tubes, in hundredths of the height", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0.15, "MAX": 1.5 },
    { "NAME": "threshold", "LABEL": "How steep an edge must be", "TYPE": "float", "DEFAULT": 0.2, "MIN": 0, "MAX": 1 },
    { "NAME": "light", "LABEL": "Light of the tubes", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 2 },
    { "NAME": "glow", "LABEL": "Glow around them", "TYPE": "float", "DEFAULT": 0.8, "MIN": 0, "MAX": 2 },
    { "NAME": "picture", "LABEL": "How much of the picture shows", "TYPE": "float", "DEFAULT": 0.15, "MIN": 0, "MAX": 1 },
    { "NAME": "own", "LABEL": "One gas, or the picture's own colours", "TYPE": "float", "DEFAULT": 0.75, "MIN": 0, "MAX": 1 },
    { "NAME": "gas", "LABEL": "Colour of the gas", "TYPE": "color", "DEFAULT": [1.0, 0.15, 0.5, 1.0] }
  ],
  "PASSES": [
    { "TARGET": "tubes", "FLOAT": true, "WIDTH": "max($WIDTH / 2, 1)", "HEIGHT": "max($HEIGHT / 2, 1)" },
    { "TARGET": "across", "FLOAT": true, "WIDTH": "max($WIDTH / 4, 1)", "HEIGHT": "max($HEIGHT / 4, 1)" },
    { "TARGET": "halo", "FLOAT": true, "WIDTH": "max($WIDTH / 4, 1)", "HEIGHT": "max($HEIGHT / 4, 1)" },
    {}
  ]
}*/

vec4 seen(vec2 offset) {
    vec2 d = 0.01 * max(width, 72.0 / RENDERSIZE.y) * vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0);
    return IMG_NORM_PIXEL(inputImage, isf_FragNormCoord + offset * d);
}

// Scharr's gradient of each colour (Scharr 2000); the edge is where it is steep.
vec4 draw_tubes() {
    vec4 a = seen(vec2(-1.0, -1.0));
    vec4 b = seen(vec2(0.0, -1.0));
    vec4 c = seen(vec2(1.0, -1.0));
    vec4 d = seen(vec2(-1.0, 0.0));
    vec4 e = seen(vec2(1.0, 0.0));
    vec4 f = seen(vec2(-1.0, 1.0));
    vec4 g = seen(vec2(0.0, 1.0));
    vec4 h = seen(vec2(1.0, 1.0));
    vec3 x = (3.0 * (c - a + h - f) + 10.0 * (e - d)).rgb / 16.0;
    vec3 y = (3.0 * (f - a + h - c) + 10.0 * (g - b)).rgb / 16.0;
    vec3 steep = sqrt(x * x + y * y);
    float edge = max(max(steep.r, steep.g), steep.b);
    edge = smoothstep(0.6 * threshold + 0.02, 0.6 * threshold + 0.25, edge);
    vec3 sum = max(max(max(a, b), max(c, d)), max(max(e, f), max(g, h))).rgb;
    vec3 hue = sum / max(max(sum.r, max(sum.g, sum.b)), 0.05);
    hue = mix(gas.rgb, hue * hue * hue, own);
    float core = pow(edge, 8.0);
    return vec4((hue * hue + 0.35 * core) * edge * edge, 1.0);
}

vec3 blur(sampler2D image, vec2 direction) {
    vec3 sum = IMG_THIS_PIXEL(image).rgb;
    float total = 1.0;
    for (int k = 1; k <= 5; k++) {
        float w = exp(-float(k * k) / 9.0);
        vec2 d = direction * (0.006 * float(k));
        sum += w * (IMG_NORM_PIXEL(image, isf_FragNormCoord + d).rgb + IMG_NORM_PIXEL(image, isf_FragNormCoord - d).rgb);
        total += 2.0 * w;
    }
    return sum / total;
}

void main() {
    if (PASSINDEX == 0) {
        gl_FragColor = draw_tubes();
    } else if (PASSINDEX == 1) {
        gl_FragColor = vec4(blur(tubes, vec2(RENDERSIZE.y / RENDERSIZE.x, 0.0)), 1.0);
    } else if (PASSINDEX == 2) {
        gl_FragColor = vec4(blur(across, vec2(0.0, 1.0)), 1.0);
    } else {
        vec4 here = IMG_THIS_PIXEL(inputImage);
        vec3 around = IMG_THIS_PIXEL(halo).rgb;
        vec3 lit = here.rgb * here.rgb * picture + light * IMG_THIS_PIXEL(tubes).rgb + glow * around * (1.0 + around);
        lit = lit / (1.0 + max(lit - 0.7, 0.0));                         // a shoulder, not a ceiling
        float alpha = max(here.a, min(max(around.r, max(around.g, around.b)) * 2.0 * glow, 1.0));
        gl_FragColor = vec4(sqrt(max(lit, 0.0)), alpha);
    }
}
