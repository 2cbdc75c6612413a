/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "What was bright lingers, drifts and fades to black.",
  "CATEGORIES": ["Memory"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "half_life", "LABEL": "Half-life", "UNIT": "s", "TYPE": "float", "DEFAULT": 0.7, "MIN": 0.02, "MAX": 20 },
    { "NAME": "amount", "LABEL": "Strength of the trail", "TYPE": "float", "DEFAULT": 0.7, "MIN": 0, "MAX": 1 },
    { "NAME": "zoom", "LABEL": "Zoom per second", "TYPE": "float", "DEFAULT": 0.06, "MIN": -1, "MAX": 1 },
    { "NAME": "turn", "LABEL": "Turns per second", "TYPE": "float", "DEFAULT": 0.004, "MIN": -0.25, "MAX": 0.25 },
    { "NAME": "drift", "LABEL": "Drift per second, in picture heights", "TYPE": "point2D", "DEFAULT": [0.0, 0.015], "MIN": [-1, -1], "MAX": [1, 1] },
    { "NAME": "centre", "LABEL": "Centre of zoom and turn", "TYPE": "point2D", "DEFAULT": [0.5, 0.5], "MIN": [0, 0], "MAX": [1, 1] },
    { "NAME": "cooling", "LABEL": "How fast the trail loses its colour", "TYPE": "float", "DEFAULT": 0.15, "MIN": 0, "MAX": 1 }
  ],
  "PASSES": [
    { "TARGET": "trail", "PERSISTENT": true, "WIDTH": "max($WIDTH / 2, 1)", "HEIGHT": "max($HEIGHT / 2, 1)" },
    {}
  ]
}*/

// Catmull-Rom in five taps (Jimenez 2016, "Filmic SMAA", slide 81: the corners are left out): a
// bilinear history would blur with every step, and more so at low resolution.
vec3 sharp(sampler2D image, vec2 uv) {
    vec2 n = IMG_SIZE(image);
    vec2 at = uv * n;
    vec2 middle = floor(at - 0.5) + 0.5;
    vec2 f = at - middle;
    vec2 w0 = f * (-0.5 + f * (1.0 - 0.5 * f));
    vec2 w1 = 1.0 + f * f * (-2.5 + 1.5 * f);
    vec2 w2 = f * (0.5 + f * (2.0 - 1.5 * f));
    vec2 w3 = f * f * (-0.5 + 0.5 * f);
    vec2 w12 = w1 + w2;
    vec2 p0 = (middle - 1.0) / n;
    vec2 p3 = (middle + 2.0) / n;
    vec2 p12 = (middle + w2 / w12) / n;
    vec3 sum = texture(image, vec2(p12.x, p0.y)).rgb * (w12.x * w0.y)
             + texture(image, vec2(p0.x, p12.y)).rgb * (w0.x * w12.y)
             + texture(image, p12).rgb * (w12.x * w12.y)
             + texture(image, vec2(p3.x, p12.y)).rgb * (w3.x * w12.y)
             + texture(image, vec2(p12.x, p3.y)).rgb * (w12.x * w3.y);
    float weight = w12.x * (w0.y + w12.y + w3.y) + w12.y * (w0.x + w3.x);
    return max(sum / weight, 0.0);
}

float luminance(vec3 c) { return dot(c, vec3(0.299, 0.587, 0.114)); }

void main() {
    vec4 here = IMG_THIS_PIXEL(inputImage);
    vec3 now = here.rgb * here.a;
    if (PASSINDEX == 0) {
        vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
        vec2 p = (isf_FragNormCoord - centre) * square;
        float a = -6.2831853 * turn * TIMEDELTA;
        p = mat2(cos(a), sin(a), -sin(a), cos(a)) * p * exp(-zoom * TIMEDELTA) - drift * TIMEDELTA;
        vec2 from = centre + p / square;
        vec3 old = sharp(trail, from);
        vec2 inside = step(abs(from - 0.5), vec2(0.5));   // nothing comes in from outside
        old *= inside.x * inside.y * exp2(-TIMEDELTA / half_life);
        float grey = luminance(old);
        old = mix(old, vec3(0.92, 0.97, 1.1) * grey, cooling * TIMEDELTA);
        old = max(old - 0.012 * TIMEDELTA, 0.0);          // half floats would never reach black
        // light burns in within a few steps: a picture that arrives in jerks leaves no comb;
        // the brighter one wins with its whole colour: a maximum by channel would turn grey
        float burn = TIMEDELTA > 0.0 ? 1.0 - exp2(-TIMEDELTA / 0.05) : 1.0;
        float brighter = smoothstep(-0.06, 0.06, luminance(now) - luminance(old));
        gl_FragColor = vec4(mix(old, now, burn * brighter), 1.0);
    } else {
        vec3 old = IMG_THIS_PIXEL(trail).rgb * amount * (1.0 - min(luminance(now) * 1.3, 1.0));
        gl_FragColor = vec4(sqrt(now * now + old * old), max(here.a, min(luminance(old) * 4.0, 1.0)));
    }
}
