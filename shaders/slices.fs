/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "A broken signal: the picture is cut into slices that jump aside, one after the other, and land as the second picture.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    { "NAME": "startImage", "TYPE": "image" },
    { "NAME": "endImage", "TYPE": "image" },
    { "NAME": "progress", "LABEL": "From the first picture to the second", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "count", "LABEL": "Number of slices", "TYPE": "long", "DEFAULT": 24, "MIN": 2, "MAX": 120 },
    { "NAME": "jump", "LABEL": "How far they jump, in picture widths", "TYPE": "float", "DEFAULT": 0.35, "MIN": 0, "MAX": 1 },
    { "NAME": "uneven", "LABEL": "All at once or one by one", "TYPE": "float", "DEFAULT": 0.8, "MIN": 0, "MAX": 1 },
    { "NAME": "split", "LABEL": "How far the colours part", "TYPE": "float", "DEFAULT": 0.4, "MIN": 0, "MAX": 1 },
    { "NAME": "upright", "LABEL": "Upright slices", "TYPE": "bool", "DEFAULT": false },
    { "NAME": "seed", "LABEL": "Another order", "TYPE": "long", "DEFAULT": 1, "MIN": 0, "MAX": 999 }
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

vec2 mirrored(vec2 at) { return 1.0 - abs(1.0 - mod(at, 2.0)); }

void main() {
    float along = upright ? isf_FragNormCoord.x : isf_FragNormCoord.y;
    // Two cuts of different widths on top of each other: no slice is like its neighbour.
    int coarse = int(floor(along * float(count) * 0.38));
    int fine = int(floor(along * float(count)));
    float lot = 0.6 * chance(ivec2(fine, seed)) + 0.4 * chance(ivec2(coarse, seed + 31));
    float begin = uneven * 0.7 * lot;
    float t = clamp((progress - begin) / (1.0 - 0.7 * uneven), 0.0, 1.0);
    float side = chance(ivec2(coarse, seed + 57)) < 0.5 ? -1.0 : 1.0;
    float away = 4.0 * t * (1.0 - t);
    float way = side * jump * (0.25 + 0.75 * chance(ivec2(fine, seed + 91))) * away * away;
    float shown = smoothstep(0.45, 0.55, t);
    vec2 axis = upright ? vec2(0.0, 1.0) : vec2(1.0, 0.0);
    vec3 apart = way * (1.0 + split * vec3(-0.25, 0.0, 0.25));
    vec4 middle = blend(IMG_NORM_PIXEL(startImage, mirrored(isf_FragNormCoord + axis * apart.y)), IMG_NORM_PIXEL(endImage, mirrored(isf_FragNormCoord + axis * apart.y)), shown);
    float red = mix(IMG_NORM_PIXEL(startImage, mirrored(isf_FragNormCoord + axis * apart.x)).r, IMG_NORM_PIXEL(endImage, mirrored(isf_FragNormCoord + axis * apart.x)).r, shown);
    float blue = mix(IMG_NORM_PIXEL(startImage, mirrored(isf_FragNormCoord + axis * apart.z)).b, IMG_NORM_PIXEL(endImage, mirrored(isf_FragNormCoord + axis * apart.z)).b, shown);
    float torn = step(1e-4, split) * step(1e-4, away);
    gl_FragColor = vec4(mix(middle.rgb, vec3(red, middle.g, blue), torn), middle.a);
}
