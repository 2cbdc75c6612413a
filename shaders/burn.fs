/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "The first picture burns away from a few places: a glowing seam eats into it and leaves the second, as film that stops before the lamp.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    { "NAME": "startImage", "TYPE": "image" },
    { "NAME": "endImage", "TYPE": "image" },
    { "NAME": "progress", "LABEL": "From the first picture to the second", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "size", "LABEL": "Size of the holes, in picture heights", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0.1, "MAX": 2 },
    { "NAME": "glow", "LABEL": "Light of the seam", "TYPE": "float", "DEFAULT": 0.8, "MIN": 0, "MAX": 2 },
    { "NAME": "char_", "LABEL": "How far it is scorched", "TYPE": "float", "DEFAULT": 0.35, "MIN": 0, "MAX": 1 },
    { "NAME": "fire", "LABEL": "Colour of the fire", "TYPE": "color", "DEFAULT": [1.0, 0.5, 0.12, 1.0] },
    { "NAME": "seed", "LABEL": "Other places", "TYPE": "long", "DEFAULT": 3, "MIN": 0, "MAX": 999 }
  ]
}*/

// PCG (O'Neill 2014): whole numbers, so that every graphics card draws the same.
float chance(ivec2 p) {
    uint v = uint(p.x) * 747796405u + uint(p.y) * 2891336453u + 277803737u;
    v = ((v >> ((v >> 28u) + 4u)) ^ v) * 277803737u;
    return float(((v >> 22u) ^ v) >> 8u) / 16777216.0;
}

float noise(vec2 p) {
    ivec2 i = ivec2(floor(p));
    vec2 f = fract(p);
    vec2 u = f * f * (3.0 - 2.0 * f);
    return mix(mix(chance(i), chance(i + ivec2(1, 0)), u.x),
               mix(chance(i + ivec2(0, 1)), chance(i + ivec2(1, 1)), u.x), u.y);
}

vec4 blend(vec4 a, vec4 b, float t) {
    float alpha = mix(a.a, b.a, t);
    vec3 lit = mix(a.rgb * a.rgb * a.a, b.rgb * b.rgb * b.a, t) / max(alpha, 1e-4);
    return vec4(sqrt(lit), alpha);
}

void main() {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 p = (isf_FragNormCoord - 0.5) * square / size + vec2(float(seed) * 3.7, 11.0);
    float n = 0.55 * noise(1.3 * p) + 0.25 * noise(3.1 * p + 5.0) + 0.13 * noise(7.3 * p + 2.0) + 0.07 * noise(17.0 * p);
    n = clamp((n - 0.5) * 2.0 + 0.5, 0.0, 1.0);
    float edge = mix(-0.02, 1.02, progress) - n;                          // > 0: gone
    vec4 a = IMG_THIS_PIXEL(startImage);
    vec4 b = IMG_THIS_PIXEL(endImage);
    float before = max(-edge, 0.0);
    float scorched = char_ * exp(-before * 9.0) * smoothstep(0.0, 0.04, progress);
    vec3 paper = a.rgb * a.rgb * (1.0 - scorched) * mix(vec3(1.0), vec3(1.0, 0.7, 0.4), scorched);
    float gone = smoothstep(-0.004, 0.01, edge);
    vec4 c = blend(vec4(sqrt(paper), a.a), b, gone);
    float seam = exp(-edge * edge * 2600.0) + 0.35 * exp(-abs(edge) * 26.0);
    seam *= glow * smoothstep(0.0, 0.05, progress) * smoothstep(1.0, 0.93, progress);
    vec3 heat = fire.rgb * fire.rgb * seam + vec3(0.5, 0.4, 0.3) * exp(-edge * edge * 14000.0) * min(seam, 1.0);
    gl_FragColor = vec4(sqrt(min(c.rgb * c.rgb + heat, 1.0)), max(c.a, min(seam, 1.0)));
}
