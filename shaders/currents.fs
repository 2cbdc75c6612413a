/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Ink in moving water: three colours well up, are drawn into threads and eddies, and thin out into black.",
  "CATEGORIES": ["Generator", "Noise"],
  "INPUTS": [
    { "NAME": "speed", "LABEL": "Speed of the water, in picture heights per second", "TYPE": "float", "DEFAULT": 0.25, "MIN": 0, "MAX": 1 },
    { "NAME": "size", "LABEL": "Size of the eddies, in picture heights", "TYPE": "float", "DEFAULT": 0.55, "MIN": 0.15, "MAX": 2 },
    { "NAME": "half_life", "LABEL": "Half-life of the ink", "TYPE": "float", "DEFAULT": 5, "MIN": 0.3, "MAX": 30 },
    { "NAME": "ink", "LABEL": "How much ink wells up", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 1 },
    { "NAME": "spread", "LABEL": "Size of the wells, in picture heights", "TYPE": "float", "DEFAULT": 0.05, "MIN": 0.015, "MAX": 0.2 },
    { "NAME": "pace", "LABEL": "Rounds of the water per hour", "TYPE": "long", "DEFAULT": 90, "MIN": 0, "MAX": 1800 },
    { "NAME": "burst", "LABEL": "A burst of ink", "TYPE": "event" },
    { "NAME": "one", "LABEL": "First ink", "TYPE": "color", "DEFAULT": [0.1, 0.6, 0.9, 1.0] },
    { "NAME": "two", "LABEL": "Second ink", "TYPE": "color", "DEFAULT": [0.95, 0.25, 0.3, 1.0] },
    { "NAME": "three", "LABEL": "Third ink", "TYPE": "color", "DEFAULT": [1.0, 0.85, 0.5, 1.0] }
  ],
  "PASSES": [
    { "TARGET": "water", "FLOAT": true, "WIDTH": "96 * $WIDTH / $HEIGHT", "HEIGHT": "96" },
    { "TARGET": "dye", "PERSISTENT": true, "FLOAT": true, "WIDTH": "540 * $WIDTH / $HEIGHT", "HEIGHT": "540" },
    {}
  ]
}*/

const float TURN = 6.2831853;

// PCG (O'Neill 2014): whole numbers, so that every graphics card draws the same.
float chance(ivec2 p) {
    uint v = uint(p.x) * 747796405u + uint(p.y) * 2891336453u + 277803737u;
    v = ((v >> ((v >> 28u) + 4u)) ^ v) * 277803737u;
    return float(((v >> 22u) ^ v) >> 8u) / 16777216.0;
}

// Gradient noise whose gradients turn (Perlin and Neyret 2001, "Flow noise"): after one turn it is
// where it was.
float corner(ivec2 cell, vec2 away, float turns) {
    float a = TURN * (chance(cell) + turns);
    return dot(away, vec2(cos(a), sin(a)));
}

float noise(vec2 p, float turns) {
    ivec2 i = ivec2(floor(p));
    vec2 f = fract(p);
    vec2 u = f * f * f * (f * (f * 6.0 - 15.0) + 10.0);
    return mix(mix(corner(i, f, turns), corner(i + ivec2(1, 0), f - vec2(1.0, 0.0), turns), u.x),
               mix(corner(i + ivec2(0, 1), f - vec2(0.0, 1.0), turns), corner(i + ivec2(1, 1), f - vec2(1.0, 1.0), turns), u.x), u.y);
}

float stream(vec2 p) {
    float turns = TIME * float(pace) / 3600.0;
    p = p / size + 23.0;
    return size * (noise(p, turns) + 0.35 * noise(2.2 * p + 4.0, -2.0 * turns));
}

float well(vec2 p, float n, vec2 square) {
    float turns = TIME * float(pace) / 3600.0;
    float a = TURN * (turns * (2.0 + n) + 0.333 * n);
    float b = TURN * (turns * (3.0 - n) + 0.2 * n);
    vec2 d = p - square * vec2(0.32 * cos(a), 0.32 * sin(b));
    return exp(-dot(d, d) / (spread * spread));
}

void main() {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 p = (isf_FragNormCoord - 0.5) * square;
    if (PASSINDEX == 0) {
        gl_FragColor = vec4(stream(p), 0.0, 0.0, 1.0);
    } else if (PASSINDEX == 1) {
        // Across the slope of the stream function (Bridson et al. 2007, "Curl-noise for procedural fluid flow").
        vec2 e = vec2(1.0 / 96.0) / square;
        float x = IMG_NORM_PIXEL(water, isf_FragNormCoord + vec2(e.x, 0.0)).r - IMG_NORM_PIXEL(water, isf_FragNormCoord - vec2(e.x, 0.0)).r;
        float y = IMG_NORM_PIXEL(water, isf_FragNormCoord + vec2(0.0, e.y)).r - IMG_NORM_PIXEL(water, isf_FragNormCoord - vec2(0.0, e.y)).r;
        vec2 back = vec2(y, -x) * 48.0 * 1.6 * speed * TIMEDELTA / square;
        vec3 old = IMG_NORM_PIXEL(dye, isf_FragNormCoord - back).rgb * exp2(-TIMEDELTA / half_life);
        old = max(old - 0.004 * TIMEDELTA, 0.0);                         // half floats would never reach black
        float rate = (TIMEDELTA > 0.0 ? 1.0 - exp2(-TIMEDELTA * 12.0 * ink) : 0.5) + (burst ? 0.8 : 0.0);
        vec3 c = one.rgb * one.rgb * well(p, 0.0, square) + two.rgb * two.rgb * well(p, 1.0, square) + three.rgb * three.rgb * well(p, 2.0, square);
        gl_FragColor = vec4(min(old + rate * max(c - 0.5 * old, 0.0), 1.5), 1.0);
    } else {
        vec3 lit = IMG_NORM_PIXEL(dye, isf_FragNormCoord).rgb;
        lit = lit / (1.0 + max(lit - 0.6, 0.0));
        gl_FragColor = vec4(sqrt(lit), 1.0);
    }
}
