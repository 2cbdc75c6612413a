/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Both pictures meet as large tiles: the first gets coarser and coarser, the second finer and finer.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    { "NAME": "startImage", "TYPE": "image" },
    { "NAME": "endImage", "TYPE": "image" },
    { "NAME": "progress", "LABEL": "From the first picture to the second", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "size", "LABEL": "Largest tile, in picture heights", "TYPE": "float", "DEFAULT": 0.14, "MIN": 0.02, "MAX": 0.5 },
    { "NAME": "stagger", "LABEL": "Tiles change one by one", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 1 }
  ]
}*/

// PCG (O'Neill 2014): whole numbers, so that every graphics card draws the same.
float chance(ivec2 p) {
    uint v = uint(p.x) * 747796405u + uint(p.y) * 2891336453u + 277803737u;
    v = ((v >> ((v >> 28u) + 4u)) ^ v) * 277803737u;
    return float(((v >> 22u) ^ v) >> 8u) / 16777216.0;
}

vec4 blend(vec4 a, vec4 b, float t) {
    float alpha = mix(a.a, b.a, t);
    vec3 lit = mix(a.rgb * a.rgb * a.a, b.rgb * b.rgb * b.a, t) / max(alpha, 1e-4);
    return vec4(sqrt(lit), alpha);
}

// Sizes halve from step to step, so that tiles split into four and never slide.
vec4 tiled(sampler2D image, float unit) {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 p = (isf_FragNormCoord - 0.5) * square;
    vec2 at = (floor(p / unit) + 0.5) * unit / square + 0.5;
    vec2 d = 0.25 * unit / square;
    vec4 sum = vec4(0.0);
    for (int k = 0; k < 4; k++) {
        vec4 c = IMG_NORM_PIXEL(image, clamp(at + d * vec2(k % 2 * 2 - 1, k / 2 * 2 - 1), 0.0, 1.0));
        sum += vec4(c.rgb * c.a, c.a);
    }
    return vec4(sum.rgb / max(sum.a, 1e-4), 0.25 * sum.a);
}

void main() {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float deep = 1.0 - abs(2.0 * progress - 1.0);                        // 0 at both ends
    float steps = max(floor(log2(size * RENDERSIZE.y)), 1.0);
    float level = steps * deep;
    float low = floor(level);
    float part = smoothstep(0.0, 1.0, level - low);
    float unit = size * exp2(low - steps);
    vec2 p = (isf_FragNormCoord - 0.5) * square;
    float lot = chance(ivec2(floor(p / size)));
    float t = smoothstep(0.0, 1.0, clamp((progress - 0.35 - 0.2 * stagger * (lot - 0.5)) / 0.3, 0.0, 1.0));
    vec4 a = low < 0.5 ? IMG_THIS_PIXEL(startImage) : tiled(startImage, unit);
    vec4 b = low < 0.5 ? IMG_THIS_PIXEL(endImage) : tiled(endImage, unit);
    vec4 c = blend(a, b, t);
    if (part > 0.001) {
        c = blend(c, blend(tiled(startImage, 2.0 * unit), tiled(endImage, 2.0 * unit), t), part);
    }
    gl_FragColor = c;
}
