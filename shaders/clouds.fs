/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Noise that is folded by noise: smoke, marble, nebulae, out of black, in three colours.",
  "CATEGORIES": ["Generator", "Noise"],
  "INPUTS": [
    { "NAME": "size", "LABEL": "Size of the forms, in picture heights", "TYPE": "float", "DEFAULT": 0.7, "MIN": 0.1, "MAX": 3 },
    { "NAME": "fold", "LABEL": "How far it is folded", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 2.5 },
    { "NAME": "detail", "LABEL": "Fine structure", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1 },
    { "NAME": "pace", "LABEL": "Rounds per hour", "TYPE": "long", "DEFAULT": 60, "MIN": 0, "MAX": 1800 },
    { "NAME": "phase", "LABEL": "Moves it through its round", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "contrast", "LABEL": "Contrast", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 1 },
    { "NAME": "balance", "LABEL": "Dark or bright", "TYPE": "float", "DEFAULT": 0.38, "MIN": 0, "MAX": 1 },
    { "NAME": "deep", "LABEL": "First colour", "TYPE": "color", "DEFAULT": [0.02, 0.03, 0.1, 1.0] },
    { "NAME": "middle", "LABEL": "Second colour", "TYPE": "color", "DEFAULT": [0.3, 0.2, 0.62, 1.0] },
    { "NAME": "bright", "LABEL": "Third colour", "TYPE": "color", "DEFAULT": [1.0, 0.72, 0.5, 1.0] }
  ],
  "PASSES": [
    { "TARGET": "smoke", "FLOAT": true, "WIDTH": "300 * $WIDTH / $HEIGHT", "HEIGHT": "300" },
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
float now() { return phase + TIME * float(pace) / 3600.0; }

float layered(vec2 p, float turns) {
    return noise(p, turns) + 0.5 * noise(2.03 * p + 11.3, -turns);
}

// Quilez's idea of noise whose place is moved by noise (Perlin 1985 had the first of it, in marble).
void main() {
    if (PASSINDEX == 0) {
        float turns = now();
        vec2 p = (isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0) / size + 40.0;
        vec2 q = vec2(layered(p, turns), layered(p + vec2(5.2, 1.3), -turns));
        vec2 r = p + fold * 1.4 * q;
        float n = layered(r, 2.0 * turns);
        n += detail * (0.3 * noise(4.1 * r + 3.7, -turns) + 0.17 * noise(8.3 * r + 1.9, turns) + 0.09 * noise(16.9 * r, 3.0 * turns));
        gl_FragColor = vec4(n, q, 1.0);
        return;
    }
    vec3 field = IMG_NORM_PIXEL(smoke, isf_FragNormCoord).xyz;
    float v = 0.5 + field.x * mix(0.5, 1.4, contrast) + 0.9 * (balance - 0.5);
    v = clamp(v, 0.0, 1.0);
    float t = clamp(0.5 + 0.9 * field.y + 0.5 * field.z, 0.0, 1.0);
    vec3 c = mix(deep.rgb * deep.rgb, middle.rgb * middle.rgb, smoothstep(0.05, 0.6, v));
    c = mix(c, bright.rgb * bright.rgb, smoothstep(0.45, 1.0, v * (0.6 + 0.5 * t)));
    c *= mix(1.0, smoothstep(0.0, 0.75, v), contrast) * (0.75 + 0.5 * t);
    gl_FragColor = vec4(sqrt(clamp(c, 0.0, 1.0)), 1.0);
}
