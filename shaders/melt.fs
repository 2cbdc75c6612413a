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
    { "NAME": "sag", "LABEL": "How far it runs, in picture heights", "TYPE": "float", "DEFAULT": 0.35, "MIN": 0, "MAX": 1 },
    { "NAME": "softness", "LABEL": "Softness of the edges", "TYPE": "float", "DEFAULT": 0.12, "MIN": 0.01, "MAX": 0.5 },
    { "NAME": "streaks", "LABEL": "Sheets or runnels", "TYPE": "float", "DEFAULT": 0.7, "MIN": 0, "MAX": 1 }
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

float light(vec2 at) {
    vec2 d = 0.006 * vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0);
    vec3 sum = IMG_NORM_PIXEL(startImage, at).rgb + IMG_NORM_PIXEL(startImage, at + d).rgb + IMG_NORM_PIXEL(startImage, at - d).rgb
             + IMG_NORM_PIXEL(startImage, at + vec2(d.x, -d.y)).rgb + IMG_NORM_PIXEL(startImage, at + vec2(-d.x, d.y)).rgb;
    return clamp(dot(sum, vec3(0.299, 0.587, 0.114)) * 0.2, 0.0, 1.0);
}

void main() {
    float x = isf_FragNormCoord.x * RENDERSIZE.x / RENDERSIZE.y;
    float fine = 0.6 * ridge(x * 23.0) + 0.4 * ridge(x * 71.0 + 9.0);
    float run = sag * progress * progress * mix(0.6, 0.1 + 1.5 * fine, streaks);
    vec2 at = vec2(isf_FragNormCoord.x, min(isf_FragNormCoord.y + run, 1.0));
    float l = light(at);
    float when = mix(l, 1.0 - l, order) * 0.8 + 0.2 * mix(0.5, fine, streaks);
    float t = smoothstep(-softness, softness, mix(-softness, 1.0 + softness, progress) - when);
    gl_FragColor = blend(IMG_NORM_PIXEL(startImage, at), IMG_THIS_PIXEL(endImage), t);
}
