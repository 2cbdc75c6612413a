/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Video feedback: the picture goes into its own echo, which grows, turns and changes colour without end. Bright parts of the new picture lie on top.",
  "CATEGORIES": ["Memory"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "zoom", "LABEL": "Zoom per second; below 0 inwards", "TYPE": "float", "DEFAULT": 0.5, "MIN": -2, "MAX": 2 },
    { "NAME": "turn", "LABEL": "Turns per second", "TYPE": "float", "DEFAULT": 0.03, "MIN": -0.5, "MAX": 0.5 },
    { "NAME": "hue", "LABEL": "Turns of the colours per second", "TYPE": "float", "DEFAULT": 0.12, "MIN": -1, "MAX": 1 },
    { "NAME": "half_life", "LABEL": "Half-life of the echo", "UNIT": "s", "TYPE": "float", "DEFAULT": 2.5, "MIN": 0.1, "MAX": 20 },
    { "NAME": "key", "LABEL": "What is brighter than this lies on top", "TYPE": "float", "DEFAULT": 0.35, "MIN": 0, "MAX": 1 },
    { "NAME": "amount", "LABEL": "How much of the echo shows", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 1 },
    { "NAME": "mirrored", "LABEL": "Mirrored at the edges, or empty beyond them", "TYPE": "bool", "DEFAULT": true },
    { "NAME": "centre", "LABEL": "Centre of zoom and turn", "TYPE": "point2D", "DEFAULT": [0.5, 0.5], "MIN": [0, 0], "MAX": [1, 1] }
  ],
  "PASSES": [
    { "TARGET": "echo", "PERSISTENT": true },
    {}
  ]
}*/

const float TURN = 6.2831853;

// Catmull-Rom in five taps, as in trails.fs: a bilinear echo would blur with every step.
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
    vec3 sum = IMG_NORM_PIXEL(image, vec2(p12.x, p0.y)).rgb * (w12.x * w0.y)
             + IMG_NORM_PIXEL(image, vec2(p0.x, p12.y)).rgb * (w0.x * w12.y)
             + IMG_NORM_PIXEL(image, p12).rgb * (w12.x * w12.y)
             + IMG_NORM_PIXEL(image, vec2(p3.x, p12.y)).rgb * (w3.x * w12.y)
             + IMG_NORM_PIXEL(image, vec2(p12.x, p3.y)).rgb * (w12.x * w3.y);
    float weight = w12.x * (w0.y + w12.y + w3.y) + w12.y * (w0.x + w3.x);
    return clamp(sum / weight, 0.0, 1.0);
}

float luminance(vec3 c) { return dot(c, vec3(0.299, 0.587, 0.114)); }

// Around the grey axis: Rodrigues' formula for the axis (1, 1, 1).
vec3 hued(vec3 c, float turns) {
    float a = TURN * turns;
    vec3 axis = vec3(0.57735027);
    return c * cos(a) + cross(axis, c) * sin(a) + axis * dot(axis, c) * (1.0 - cos(a));
}

void main() {
    vec4 here = IMG_THIS_PIXEL(inputImage);
    vec3 now = here.rgb * here.a;
    if (PASSINDEX == 0) {
        vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
        vec2 p = (isf_FragNormCoord - centre) * square;
        float a = -TURN * turn * TIMEDELTA;
        p = mat2(cos(a), sin(a), -sin(a), cos(a)) * p * exp(-zoom * TIMEDELTA);
        vec2 from = centre + p / square;
        vec2 inside = step(abs(from - 0.5), vec2(0.5));
        from = 1.0 - abs(1.0 - mod(from, 2.0));
        vec3 old = sharp(echo, from) * (mirrored ? 1.0 : inside.x * inside.y);
        old = clamp(hued(old, hue * TIMEDELTA), 0.0, 1.0);
        old = max(old * exp2(-TIMEDELTA / half_life) - 0.006 * TIMEDELTA, 0.0);      // half floats would never reach black
        float over = smoothstep(0.6 * key, 0.6 * key + 0.3, luminance(now)) * here.a;
        over = TIMEDELTA > 0.0 ? 1.0 - exp2(-TIMEDELTA * 90.0 * over) : 1.0;
        gl_FragColor = vec4(mix(old, now, over), 1.0);
    } else {
        vec3 old = IMG_THIS_PIXEL(echo).rgb;
        float alpha = max(here.a, amount * min(4.0 * luminance(old), 1.0));
        gl_FragColor = vec4(mix(here.rgb, max(old, now * (1.0 - amount)), amount), alpha);
    }
}
