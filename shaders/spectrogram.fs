/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "What was heard, as a landscape that runs past: time from right to left, pitch upwards, loudness as light.",
  "CATEGORIES": ["Generator", "Sound"],
  "INPUTS": [
    { "NAME": "sound", "LABEL": "Spectrum of the sound", "TYPE": "audioFFT", "MAX": 512 },
    { "NAME": "seconds", "LABEL": "Time that it holds", "UNIT": "s", "TYPE": "float", "DEFAULT": 8, "MIN": 1, "MAX": 60 },
    { "NAME": "gain", "LABEL": "Gain", "TYPE": "float", "DEFAULT": 1.5, "MIN": 0.1, "MAX": 8 },
    { "NAME": "tilt", "LABEL": "How much what is high is lifted", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1 },
    { "NAME": "way", "LABEL": "How it runs", "TYPE": "long", "DEFAULT": 0, "VALUES": [0, 1, 2], "LABELS": ["To the left", "Out of the middle", "Rings"] },
    { "NAME": "quiet", "LABEL": "Colour of what is quiet", "TYPE": "color", "DEFAULT": [0.1, 0.05, 0.35, 1.0] },
    { "NAME": "middle", "LABEL": "Colour between", "TYPE": "color", "DEFAULT": [0.9, 0.2, 0.4, 1.0] },
    { "NAME": "loud", "LABEL": "Colour of what is loud", "TYPE": "color", "DEFAULT": [1.0, 0.9, 0.6, 1.0] },
    { "NAME": "grid", "LABEL": "Lines at the octaves", "TYPE": "float", "DEFAULT": 0.3, "MIN": 0, "MAX": 1 }
  ],
  "PASSES": [
    { "TARGET": "head", "PERSISTENT": true, "FLOAT": true, "WIDTH": "1", "HEIGHT": "1" },
    { "TARGET": "strip", "PERSISTENT": true, "FLOAT": true, "WIDTH": "512", "HEIGHT": "256" },
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

// A loop, as in slitscan.fs: only the columns that have passed since the step before are written.
void main() {
    vec4 mark = IMG_NORM_PIXEL(head, vec2(0.5));                         // x: where it is written now · y: a step ago
    if (PASSINDEX == 0) {
        gl_FragColor = vec4(fract(mark.x + TIMEDELTA / seconds), mark.x, 0.0, 1.0);
    } else if (PASSINDEX == 1) {
        float since = fract(mark.x - isf_FragNormCoord.x);
        bool is_new = since <= fract(mark.x - mark.y) && TIMEDELTA > 0.0;
        gl_FragColor = is_new ? vec4(heard(isf_FragNormCoord.y), 0.0, 0.0, 1.0) : IMG_THIS_PIXEL(strip);
    } else {
        vec2 p = (isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
        float age = 1.0 - isf_FragNormCoord.x;
        float pitch = isf_FragNormCoord.y;
        if (way == 1) {
            age = 2.0 * abs(isf_FragNormCoord.x - 0.5);
        } else if (way == 2) {
            age = length(p) * 1.1;
            pitch = abs(atan(p.x, -p.y + 1e-9)) / (0.5 * TURN);
        }
        float shown = smoothstep(1.0, 0.9, age);
        age = clamp(age, 0.0, 1.0) * (1.0 - 3.0 / 512.0);
        float v = IMG_NORM_PIXEL(strip, vec2(fract(mark.x - age - 1.0 / 512.0), pitch)).r * shown;
        vec3 a = quiet.rgb * quiet.rgb;
        vec3 b = middle.rgb * middle.rgb;
        vec3 lit = mix(mix(a, b, smoothstep(0.1, 0.55, v)), loud.rgb * loud.rgb, smoothstep(0.5, 1.0, v)) * smoothstep(0.0, 0.3, v);
        float octave = abs(fract(pitch * 7.1) - 0.5) / 7.1 * RENDERSIZE.y;
        lit += grid * 0.06 * quiet.rgb * smoothstep(1.2, 0.4, octave);
        gl_FragColor = vec4(sqrt(min(lit, 1.0)), 1.0);
    }
}
