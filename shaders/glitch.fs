/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "A stream with errors: blocks are fetched from the wrong place, slices slip, colours come apart. How often is one knob; it holds still between.",
  "CATEGORIES": ["Impact"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "amount", "LABEL": "How much is broken", "TYPE": "float", "DEFAULT": 0.45, "MIN": 0, "MAX": 1 },
    { "NAME": "rate", "LABEL": "New errors per minute", "TYPE": "long", "DEFAULT": 120, "MIN": 0, "MAX": 900 },
    { "NAME": "size", "LABEL": "Size of the blocks, in picture heights", "TYPE": "float", "DEFAULT": 0.12, "MIN": 0.02, "MAX": 0.5 },
    { "NAME": "jump", "LABEL": "How far they are off, in picture heights", "TYPE": "float", "DEFAULT": 0.3, "MIN": 0, "MAX": 1 },
    { "NAME": "split", "LABEL": "How far the colours part", "TYPE": "float", "DEFAULT": 0.4, "MIN": 0, "MAX": 1 },
    { "NAME": "seed", "LABEL": "Other errors; a beat may count it up", "TYPE": "long", "DEFAULT": 1, "MIN": 0, "MAX": 999 }
  ]
}*/

// PCG in three dimensions (Jarzynski and Olano 2020, "Hash functions for GPU rendering").
vec3 chance(ivec3 p) {
    uvec3 v = uvec3(p) * 1664525u + 1013904223u;
    v.x += v.y * v.z;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    v ^= v >> 16u;
    v.x += v.y * v.z;
    v.y += v.z * v.x;
    v.z += v.x * v.y;
    return vec3(v >> 8u) / 16777216.0;
}

void main() {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    int shot = int(floor(TIME * float(rate) / 60.0)) + 7919 * seed;
    vec2 p = isf_FragNormCoord * square;
    vec2 way = vec2(0.0);
    float apart = 0.0;
    for (int k = 0; k < 3; k++) {                                        // large, middling and small blocks
        float unit = size * (k == 0 ? 2.7 : k == 1 ? 1.0 : 0.37);
        vec2 shape = k == 1 ? vec2(2.6, 0.6) : vec2(1.0);
        ivec2 cell = ivec2(floor(p / (unit * shape)));
        vec3 lot = chance(ivec3(cell, shot + 101 * k));
        float part = amount * (k == 0 ? 0.1 : k == 1 ? 0.22 : 0.12);
        if (lot.x < part) {
            way += (vec2(lot.y, lot.z) - 0.5) * jump * (k == 1 ? vec2(1.6, 0.0) : vec2(1.0, 0.5));
            apart = max(apart, lot.z);
        }
    }
    vec3 slip = chance(ivec3(int(floor(p.y / (0.25 * size))), shot, 77));
    if (slip.x < 0.2 * amount) {
        way.x += (slip.y - 0.5) * 0.5 * jump;
        apart = max(apart, 0.5);
    }
    vec2 at = isf_FragNormCoord + way / square;
    vec2 d = vec2(0.03 * split * (0.25 * amount + apart), 0.0) / square;
    at = 1.0 - abs(1.0 - mod(at, 2.0));
    vec4 here = IMG_NORM_PIXEL(inputImage, at);
    float red = IMG_NORM_PIXEL(inputImage, at + d).r;
    float blue = IMG_NORM_PIXEL(inputImage, at - d).b;
    gl_FragColor = vec4(red, here.g, blue, here.a);
}
