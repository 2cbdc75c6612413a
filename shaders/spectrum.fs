/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "The spectrum of the sound: columns, a mirrored skyline or a sun of rays, which rise at once and fall slowly. Quiet sound leaves a line of light.",
  "CATEGORIES": ["Generator", "Sound"],
  "INPUTS": [
    { "NAME": "sound", "LABEL": "Spectrum of the sound", "TYPE": "audioFFT", "MAX": 512 },
    { "NAME": "shape", "LABEL": "Shape", "TYPE": "long", "DEFAULT": 0, "VALUES": [0, 1, 2], "LABELS": ["Columns", "Mirrored", "Sun"] },
    { "NAME": "count", "LABEL": "Columns", "TYPE": "long", "DEFAULT": 48, "MIN": 8, "MAX": 128 },
    { "NAME": "gain", "LABEL": "Gain", "TYPE": "float", "DEFAULT": 2, "MIN": 0.1, "MAX": 8 },
    { "NAME": "tilt", "LABEL": "How much what is high is lifted", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1 },
    { "NAME": "fall", "LABEL": "Half-life when it falls", "UNIT": "s", "TYPE": "float", "DEFAULT": 0.18, "MIN": 0.02, "MAX": 2 },
    { "NAME": "gap", "LABEL": "Gap between columns", "TYPE": "float", "DEFAULT": 0.25, "MIN": 0, "MAX": 0.8 },
    { "NAME": "peaks", "LABEL": "Light of the peaks that hang above", "TYPE": "float", "DEFAULT": 0.8, "MIN": 0, "MAX": 1 },
    { "NAME": "height", "LABEL": "Height, in picture heights", "TYPE": "float", "DEFAULT": 0.7, "MIN": 0.1, "MAX": 1 },
    { "NAME": "low", "LABEL": "Colour of the low tones", "TYPE": "color", "DEFAULT": [0.95, 0.2, 0.35, 1.0] },
    { "NAME": "high", "LABEL": "Colour of the high tones", "TYPE": "color", "DEFAULT": [0.25, 0.75, 1.0, 1.0] },
    { "NAME": "ground", "LABEL": "The ground", "TYPE": "color", "DEFAULT": [0.0, 0.0, 0.0, 1.0] }
  ],
  "PASSES": [
    { "TARGET": "held", "PERSISTENT": true, "FLOAT": true, "WIDTH": "128", "HEIGHT": "1" },
    {}
  ]
}*/

const float TURN = 6.2831853;

// A band is a stretch of the spectrum, wider the higher it lies; the tilt lifts what is high, because
// music has less of it.
float heard(float x) {
    float low = exp2(mix(log2(0.004), log2(0.55), x));
    float high = exp2(mix(log2(0.004), log2(0.55), x + 1.0 / 64.0));
    float most = 0.0;
    for (int k = 0; k < 4; k++) {
        most = max(most, IMG_NORM_PIXEL(sound, vec2(mix(low, high, (float(k) + 0.5) / 4.0), 0.5)).r);
    }
    return clamp(most * gain * exp2(tilt * 3.0 * (x - 0.5)), 0.0, 1.0);
}

void main() {
    if (PASSINDEX == 0) {
        float x = isf_FragNormCoord.x;
        vec4 old = IMG_NORM_PIXEL(held, vec2(x, 0.5));
        float now = heard(x);
        float level = max(now, old.r * exp2(-TIMEDELTA / fall));
        float peak = max(level, old.g - (old.b > 0.5 ? TIMEDELTA * (old.b - 0.5) * 0.9 : 0.0));
        float since = level >= old.g ? 0.0 : min(old.b + TIMEDELTA, 4.0);
        gl_FragColor = vec4(level, peak, since, 1.0);
        return;
    }
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float n = float(count);
    float x = isf_FragNormCoord.x;
    float y = isf_FragNormCoord.y / height;
    float across = RENDERSIZE.x / n;                                     // width of a column, in pixels
    float tall = RENDERSIZE.y * height;
    if (shape == 1) {
        x = 2.0 * abs(x - 0.5);
        y = 2.0 * abs(isf_FragNormCoord.y - 0.5) / height;
        across *= 0.5;
        tall *= 0.5;
    } else if (shape == 2) {
        float r = length(p);
        x = abs(atan(p.x, p.y + 1e-9)) / (0.5 * TURN);
        y = (r - 0.14) / (0.42 * height);
        across = 0.5 * TURN * max(r, 0.01) * RENDERSIZE.y / n;
        tall = 0.42 * height * RENDERSIZE.y;
    }
    float column = min(floor(x * n), n - 1.0);
    float inside = abs(fract(x * n) - 0.5);
    vec4 band = IMG_NORM_PIXEL(held, vec2((column + 0.5) / n, 0.5));
    float side = clamp((0.5 * (1.0 - gap) - inside) * across + 0.5, 0.0, 1.0);
    float top = max(band.r, 0.012);                                      // quiet: a line
    float body = clamp((top - y) * tall + 0.5, 0.0, 1.0) * step(0.0, y);
    float mark = clamp(2.0 * RENDERSIZE.y / 720.0 + 0.5 - abs(band.g + 0.012 - y) * tall, 0.0, 1.0) * peaks * step(0.02, band.g);
    vec3 c = mix(low.rgb * low.rgb, high.rgb * high.rgb, (column + 0.5) / n);
    vec3 lit = c * body * (0.35 + 0.65 * clamp(y / max(top, 0.05), 0.0, 1.0)) + (c * 0.5 + 0.25) * mark;
    lit += c * 0.12 * exp(-max(y - top, 0.0) * 9.0) * band.r * step(0.0, y);
    lit *= side;
    if (shape == 2) {
        float r = length(p);
        float loud = IMG_NORM_PIXEL(held, vec2(0.06, 0.5)).r;
        vec3 disc = low.rgb * low.rgb * (0.25 + 0.75 * loud) * smoothstep(0.125, 0.12, r) * (0.3 + 0.7 * smoothstep(0.0, 0.12, r));
        lit += disc;
    }
    gl_FragColor = vec4(sqrt(min(ground.rgb * ground.rgb + lit, 1.0)), max(ground.a, min(max(lit.r, max(lit.g, lit.b)) * 4.0, 1.0)));
}
