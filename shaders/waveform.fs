/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "An oscilloscope: the sound itself as one line of light, straight or around a ring, standing still as long as a tone holds; on wish it leaves an afterglow.",
  "CATEGORIES": ["Generator", "Sound"],
  "INPUTS": [
    { "NAME": "sound", "LABEL": "The sound", "TYPE": "audio", "MAX": 2048 },
    { "NAME": "shape", "LABEL": "Shape", "TYPE": "long", "DEFAULT": 0, "VALUES": [0, 1, 2], "LABELS": ["A line", "A ring", "A filled band"] },
    { "NAME": "gain", "LABEL": "Gain", "TYPE": "float", "DEFAULT": 1.5, "MIN": 0.1, "MAX": 8 },
    { "NAME": "part", "LABEL": "How much of the sound is seen", "TYPE": "float", "DEFAULT": 0.3, "MIN": 0.05, "MAX": 0.9 },
    { "NAME": "width", "LABEL": "Width of the line, in hundredths of the height", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0.1, "MAX": 4 },
    { "NAME": "glow", "LABEL": "Glow", "TYPE": "float", "DEFAULT": 0.8, "MIN": 0, "MAX": 2 },
    { "NAME": "afterglow", "LABEL": "Half-life of the afterglow", "UNIT": "s", "TYPE": "float", "DEFAULT": 0.03, "MIN": 0.01, "MAX": 3 },
    { "NAME": "radius", "LABEL": "Radius of the ring, in picture heights", "TYPE": "float", "DEFAULT": 0.28, "MIN": 0.05, "MAX": 0.6 },
    { "NAME": "line", "LABEL": "Colour of the line", "TYPE": "color", "DEFAULT": [0.4, 1.0, 0.6, 1.0] },
    { "NAME": "ground", "LABEL": "The ground", "TYPE": "color", "DEFAULT": [0.0, 0.0, 0.0, 1.0] }
  ],
  "PASSES": [
    { "TARGET": "start", "FLOAT": true, "WIDTH": "1", "HEIGHT": "1" },
    { "TARGET": "trace", "PERSISTENT": true, "FLOAT": true },
    {}
  ]
}*/

const float TURN = 6.2831853;

float level(float x) { return (IMG_NORM_PIXEL(sound, vec2(x, 0.5)).r - 0.5) * 2.0; }

// Where the sound crosses zero upwards first: from there it is drawn, so that a tone stands still.
float crossing() {
    float before = level(0.0);
    float found = 0.0;
    bool is_found = false;
    for (int k = 1; k < 96; k++) {
        float x = float(k) / 96.0 * (0.95 - part);
        float now = level(x);
        if (!is_found && before < 0.0 && now >= 0.0) {
            float share = before / min(before - now, -1e-5);
            found = x - (1.0 - share) * (0.95 - part) / 96.0;
            is_found = true;
        }
        before = now;
    }
    return max(found, 0.0);
}

float drawn(float x, float begin) {
    float ends = smoothstep(0.0, 0.04, x) * smoothstep(1.0, 0.96, x);
    return clamp(level(begin + x * part) * gain * 0.42, -0.49, 0.49) * (shape == 1 ? 1.3 * radius : mix(0.4, 1.0, ends));
}

void main() {
    if (PASSINDEX == 0) {
        gl_FragColor = vec4(crossing(), 0.0, 0.0, 1.0);
        return;
    }
    if (PASSINDEX == 1) {
        vec2 p = (isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
        float begin = IMG_NORM_PIXEL(start, vec2(0.5)).r;
        float x = isf_FragNormCoord.x;
        float y = p.y;
        float wide = RENDERSIZE.x / RENDERSIZE.y;                        // length of the line, in picture heights
        if (shape == 1) {
            float r = length(p);
            x = abs(atan(p.x, -p.y + 1e-9)) / (0.5 * TURN);              // mirrored: its ends meet
            y = r - radius;
            wide = 0.5 * TURN * radius;
        }
        float e = 0.0015;
        float here = drawn(x, begin);
        float slope = (drawn(x + e, begin) - drawn(x - e, begin)) / (2.0 * e * wide);
        float away = abs(y - here) / sqrt(1.0 + min(slope * slope, 900.0));
        if (shape == 2) {
            away = max(abs(y) - abs(here), 0.0);
        }
        float half_ = max(0.005 * width, 0.75 / RENDERSIZE.y);
        float core = smoothstep(1.5 * half_, 0.5 * half_, away);
        float near = abs(y - here) / sqrt(1.0 + min(slope * slope, 3.0));
        float halo = glow * 0.3 * exp(-(shape == 2 ? away : near) * 34.0);
        float now = core + halo * (0.35 + 2.0 * abs(here));
        float old = IMG_THIS_PIXEL(trace).r * exp2(-TIMEDELTA / afterglow) - 0.002;
        gl_FragColor = vec4(min(max(now, old), 1.5), 0.0, 0.0, 1.0);
        return;
    }
    float lit = max(IMG_THIS_PIXEL(trace).r, 0.0);
    vec3 c = line.rgb * line.rgb * lit + 0.35 * max(lit - 0.7, 0.0);
    gl_FragColor = vec4(sqrt(min(ground.rgb * ground.rgb + c, 1.0)), max(ground.a, min(2.0 * lit, 1.0)));
}
