/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Fine film grain in the mid-tones; black stays black.",
  "CATEGORIES": ["Film"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "amount", "LABEL": "Amount", "TYPE": "float", "DEFAULT": 0.28, "MIN": 0, "MAX": 1 },
    { "NAME": "lines", "LABEL": "Fineness: grains from top to bottom", "TYPE": "float", "DEFAULT": 480, "MIN": 60, "MAX": 2160 },
    { "NAME": "rate", "LABEL": "New grain per second", "TYPE": "long", "DEFAULT": 24, "MIN": 0, "MAX": 60 }
  ]
}*/

// PCG in three dimensions (Jarzynski and Olano 2020, "Hash functions for GPU rendering").
vec2 hash(uvec3 v) {
    v = v * 1664525u + 1013904223u;
    v.x += v.y * v.z;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    v ^= v >> 16u;
    v.x += v.y * v.z;
    v.y += v.z * v.x;
    return vec2(v.xy >> 8u) / 16777216.0;
}

// Two values make something close enough to a bell.
float grain(ivec2 p, uint shot) {
    vec2 h = hash(uvec3(uvec2(p + 4096), shot));
    return h.x + h.y - 1.0;
}

void main() {
    vec4 here = IMG_THIS_PIXEL(inputImage);
    uint shot = uint(floor(TIME * float(rate)));
    vec2 p = isf_FragNormCoord * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0) * lines;
    ivec2 cell = ivec2(floor(p));
    vec2 f = smoothstep(0.0, 1.0, fract(p));
    float noise = mix(mix(grain(cell, shot), grain(cell + ivec2(1, 0), shot), f.x),
                      mix(grain(cell + ivec2(0, 1), shot), grain(cell + ivec2(1, 1), shot), f.x), f.y);
    float l = dot(here.rgb, vec3(0.299, 0.587, 0.114));
    float where = smoothstep(0.0, 0.22, l) * (1.0 - 0.65 * smoothstep(0.45, 1.0, l));
    gl_FragColor = vec4(max(here.rgb * (1.0 + noise * amount * 0.55 * where), 0.0), here.a);
}
