/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "The second picture comes through the first in clouds, flecks or grains that grow together.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    { "NAME": "startImage", "TYPE": "image" },
    { "NAME": "endImage", "TYPE": "image" },
    { "NAME": "progress", "LABEL": "From the first picture to the second", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "size", "LABEL": "Size of the flecks, in picture heights", "TYPE": "float", "DEFAULT": 0.35, "MIN": 0.02, "MAX": 1 },
    { "NAME": "detail", "LABEL": "Smooth or ragged", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 1 },
    { "NAME": "softness", "LABEL": "Softness of their edges", "TYPE": "float", "DEFAULT": 0.15, "MIN": 0.005, "MAX": 1 },
    { "NAME": "light", "LABEL": "Light of the edges", "TYPE": "float", "DEFAULT": 0.15, "MIN": 0, "MAX": 1 },
    { "NAME": "luma", "LABEL": "Bright parts go first", "TYPE": "float", "DEFAULT": 0.3, "MIN": 0, "MAX": 1 }
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
    vec2 p = (isf_FragNormCoord - 0.5) * square / size + 31.0;
    float n = noise(p) + detail * (0.6 * noise(2.1 * p + 7.0) + 0.4 * noise(4.3 * p + 3.0) + 0.25 * noise(9.1 * p));
    n = n / (1.0 + 1.25 * detail);
    n = clamp((n - 0.5) * 2.1 + 0.5, 0.0, 1.0);                          // noise seldom reaches its ends
    vec4 a = IMG_THIS_PIXEL(startImage);
    vec4 b = IMG_THIS_PIXEL(endImage);
    n = mix(n, 1.0 - clamp(dot(a.rgb, vec3(0.299, 0.587, 0.114)), 0.0, 1.0), 0.6 * luma);
    float edge = mix(-softness, 1.0 + softness, progress) - n;
    float t = smoothstep(-softness, softness, edge);
    vec4 c = blend(a, b, t);
    float rim = 4.0 * t * (1.0 - t) * light;
    gl_FragColor = vec4(sqrt(min(c.rgb * c.rgb * (1.0 + rim) + 0.12 * rim, 1.0)), c.a);
}
