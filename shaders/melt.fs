/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "The first picture melts: its dark or its bright parts give way first, sag and run down, and the second stands behind.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    { "NAME": "startImage", "TYPE": "image" },
    { "NAME": "endImage", "TYPE": "image" },
    { "NAME": "progress", "LABEL": "From the first picture to the second", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "order", "LABEL": "The dark or the bright goes first", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 1 },
    { "NAME": "sag", "LABEL": "How far it runs, in picture heights", "TYPE": "float", "DEFAULT": 0.7, "MIN": 0, "MAX": 1 },
    { "NAME": "softness", "LABEL": "Softness of the edges", "TYPE": "float", "DEFAULT": 0.12, "MIN": 0.01, "MAX": 0.5 },
    { "NAME": "streaks", "LABEL": "Sheets or runnels", "TYPE": "float", "DEFAULT": 0.7, "MIN": 0, "MAX": 1 }
  ],
  "PASSES": [
    { "TARGET": "calm", "WIDTH": "60 * $WIDTH / $HEIGHT", "HEIGHT": "60" },
    {}
  ]
}*/

// PCG (O'Neill 2014): whole numbers, so that every graphics card draws the same.
float chance(ivec2 p) {
    uint v = uint(p.x) * 747796405u + uint(p.y) * 2891336453u + 277803737u;
    v = ((v >> ((v >> 28u) + 4u)) ^ v) * 277803737u;
    return float(((v >> 22u) ^ v) >> 8u) / 16777216.0;
}

vec4 blend(vec4 a, vec4 b, float t) {
    float alpha = mix(a.a, b.a, t);
    vec3 lit = mix(a.rgb * a.rgb * a.a, b.rgb * b.rgb * b.a, t) / max(alpha, 1e-4);
    return vec4(sqrt(lit), alpha);
}

float ridge(float x) {
    int i = int(floor(x));
    return mix(chance(ivec2(i, 5)), chance(ivec2(i + 1, 5)), smoothstep(0.0, 1.0, fract(x)));
}

float light(vec2 offset) {
    vec2 at = isf_FragNormCoord + offset * vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0);
    return clamp(dot(IMG_NORM_PIXEL(startImage, at).rgb, vec3(0.299, 0.587, 0.114)), 0.0, 1.0);
}

void main() {
    if (PASSINDEX == 0) {                                                // forms give way, not single dots
        float sum = 0.0;
        for (int k = 0; k < 25; k++) {
            sum += light(0.009 * vec2(k % 5 - 2, k / 5 - 2));
        }
        gl_FragColor = vec4(vec3(sum / 25.0), 1.0);
        return;
    }
    float x = isf_FragNormCoord.x * RENDERSIZE.x / RENDERSIZE.y;
    float fine = 0.5 * ridge(x * 7.0) + 0.32 * ridge(x * 19.0 + 9.0) + 0.18 * ridge(x * 53.0 + 31.0);
    float run = sag * progress * progress * mix(0.6, 0.05 + 2.0 * fine * fine, streaks);
    vec2 at = vec2(isf_FragNormCoord.x, isf_FragNormCoord.y + run);
    float l = IMG_NORM_PIXEL(calm, at).r;
    float when = 0.15 + 0.7 * (0.75 * mix(l, 1.0 - l, order) + 0.25 * mix(0.5, 1.0 - fine, streaks));
    float t = smoothstep(-softness, softness, mix(-softness, 1.0 + softness, progress) - when);
    t = max(t, smoothstep(1.0, 1.006, at.y));                            // its upper edge runs down
    vec4 first = IMG_NORM_PIXEL(startImage, at);
    first.rgb *= 1.0 - 0.35 * t * step(1e-4, progress);                  // thin paint is darker at its rim
    gl_FragColor = blend(first, IMG_THIS_PIXEL(endImage), t);
}
