/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Bright colour runs down the wall like wet paint, the brighter the faster, and dries.",
  "CATEGORIES": ["Memory"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "speed", "LABEL": "Speed, in picture heights per second", "TYPE": "float", "DEFAULT": 0.22, "MIN": 0, "MAX": 1.5 },
    { "NAME": "angle", "LABEL": "Where it runs, in turns; 0 is down", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "threshold", "LABEL": "What is brighter than this runs", "TYPE": "float", "DEFAULT": 0.2, "MIN": 0, "MAX": 1 },
    { "NAME": "half_life", "LABEL": "Half-life of the paint", "UNIT": "s", "TYPE": "float", "DEFAULT": 1.5, "MIN": 0.05, "MAX": 20 },
    { "NAME": "streaks", "LABEL": "Smooth or in streaks", "TYPE": "float", "DEFAULT": 0.7, "MIN": 0, "MAX": 1 },
    { "NAME": "amount", "LABEL": "How much of the paint shows", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 1 }
  ],
  "PASSES": [
    { "TARGET": "paint", "PERSISTENT": true, "WIDTH": "max($WIDTH * 2 / 3, 1)", "HEIGHT": "max($HEIGHT * 2 / 3, 1)" },
    {}
  ]
}*/

// PCG (O'Neill 2014): whole numbers, so that every graphics card paints the same streaks.
float chance(float n) {
    uint v = uint(int(n)) * 747796405u + 2891336453u;
    v = ((v >> ((v >> 28u) + 4u)) ^ v) * 277803737u;
    return float(((v >> 22u) ^ v) >> 8u) / 16777216.0;
}

float ridge(float x) {
    float i = floor(x);
    return mix(chance(i), chance(i + 1.0), smoothstep(0.0, 1.0, x - i));
}

float luminance(vec3 c) { return dot(c, vec3(0.299, 0.587, 0.114)); }

void main() {
    vec4 here = IMG_THIS_PIXEL(inputImage);
    vec3 now = here.rgb * here.a;
    if (PASSINDEX == 0) {
        vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
        float a = 6.2831853 * angle;
        vec2 way = vec2(sin(a), -cos(a));
        float across = dot((isf_FragNormCoord - 0.5) * square, vec2(cos(a), sin(a)));
        float fine = ridge(across * 61.0 + 100.0) * 0.6 + ridge(across * 173.0 + 300.0) * 0.4;
        float run = mix(1.0, 0.15 + 1.7 * fine * fine, streaks);
        vec2 back = way * speed * run * TIMEDELTA / square;
        vec3 old = IMG_NORM_PIXEL(paint, isf_FragNormCoord - back).rgb;
        vec2 inside = step(abs(isf_FragNormCoord - back - 0.5), vec2(0.5));
        old *= inside.x * inside.y * exp2(-TIMEDELTA / (half_life * mix(1.0, 0.5 + fine, streaks)));
        old = max(old - 0.01 * TIMEDELTA, 0.0);                          // half floats would never reach black
        vec3 fresh = now * smoothstep(threshold, threshold + 0.15, luminance(now));
        float soak = TIMEDELTA > 0.0 ? 1.0 - exp2(-TIMEDELTA / 0.06) : 1.0;
        float brighter = smoothstep(-0.05, 0.05, luminance(fresh) - luminance(old));
        gl_FragColor = vec4(mix(old, fresh, soak * brighter), 1.0);
    } else {
        vec3 old = IMG_THIS_PIXEL(paint).rgb * amount;
        float over = smoothstep(-0.02, 0.12, luminance(old) - luminance(now));
        gl_FragColor = vec4(mix(now, old, over), max(here.a, over));
    }
}
