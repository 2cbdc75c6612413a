/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Op art: lines, rings, rays or checks that swell as if something moved behind the cloth.",
  "CATEGORIES": ["Generator", "Pattern"],
  "INPUTS": [
    { "NAME": "shape", "LABEL": "Pattern", "TYPE": "long", "DEFAULT": 0, "VALUES": [0, 1, 2, 3], "LABELS": ["Lines", "Rings", "Rays", "Checks"] },
    { "NAME": "count", "LABEL": "How many over the height", "TYPE": "long", "DEFAULT": 20, "MIN": 2, "MAX": 80 },
    { "NAME": "share", "LABEL": "How much is light", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0.05, "MAX": 0.95 },
    { "NAME": "warp", "LABEL": "How far the cloth is bent", "TYPE": "float", "DEFAULT": 0.8, "MIN": 0, "MAX": 1 },
    { "NAME": "size", "LABEL": "Size of the swellings, in picture heights", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0.1, "MAX": 2 },
    { "NAME": "pace", "LABEL": "Rounds per hour", "TYPE": "long", "DEFAULT": 180, "MIN": 0, "MAX": 1800 },
    { "NAME": "phase", "LABEL": "Moves it through its round", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "run", "LABEL": "Lines run per hour", "TYPE": "long", "DEFAULT": 600, "MIN": -7200, "MAX": 7200 },
    { "NAME": "angle", "LABEL": "Direction, in turns", "TYPE": "float", "DEFAULT": 0.05, "MIN": 0, "MAX": 1 },
    { "NAME": "softness", "LABEL": "Softness", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "light", "LABEL": "Light colour", "TYPE": "color", "DEFAULT": [0.95, 0.95, 0.9, 1.0] },
    { "NAME": "dark", "LABEL": "Dark colour", "TYPE": "color", "DEFAULT": [0.02, 0.02, 0.03, 1.0] }
  ]
}*/

const float TURN = 6.2831853;
float now() { return phase + TIME * float(pace) / 3600.0; }

float swell(vec2 p, float turns) {
    p /= size;
    float a = sin(3.1 * p.x + 1.7 * p.y + TURN * turns) + sin(-2.3 * p.x + 3.7 * p.y - TURN * turns * 2.0 + 1.0);
    float b = sin(4.9 * p.x - 2.9 * p.y + TURN * turns * 3.0 + 2.0) + sin(1.3 * p.x - 4.1 * p.y - TURN * turns + 4.0);
    return 0.25 * (a + 0.6 * b);
}

float band(float x, float per_pixel) {
    float away = abs(fract(x) - 0.5);                                    // light around the middle of each
    float wide = clamp(max(0.75 * per_pixel, 0.5 * softness * min(share, 1.0 - share)), 1e-3, 0.5);
    float on = smoothstep(0.5 * share + wide, 0.5 * share - wide, away);
    return mix(on, share, smoothstep(0.35, 0.7, per_pixel));             // finer than the pixels: grey
}

void main() {
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float turns = now();
    float h = swell(p, turns);
    float a = TURN * angle;
    vec2 way = vec2(cos(a), sin(a));
    float n = float(count);
    float shift = fract(TIME * float(run) / 3600.0);
    float bent = warp * size * 0.22 * h;
    float x = (dot(p, vec2(-way.y, way.x)) + bent) * n;
    float y = (dot(p, way) + warp * size * 0.22 * swell(p.yx + 3.0, turns)) * n;
    if (shape == 1) {
        x = (length(p) + bent) * n;
    } else if (shape == 2) {
        x = (atan(p.y, p.x + 1e-9) / TURN + angle + 0.2 * bent) * floor(n);
    }
    // Widths of a pixel, from the formulas' slopes: a derivative would jump at the seam of the rays.
    float slope = n * (1.0 + warp * 0.9) / RENDERSIZE.y;
    if (shape == 2) {
        slope = floor(n) / TURN / max(length(p), 0.004) / RENDERSIZE.y + 0.2 * slope * warp;
    }
    float v = band(x - shift, slope);
    if (shape == 3) {
        float w = band(y - shift, slope);
        v = v + w - 2.0 * v * w;
    }
    gl_FragColor = vec4(mix(dark.rgb, light.rgb, v), mix(dark.a, light.a, v));
}
