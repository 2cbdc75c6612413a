/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "A dive through the first picture into the second: both rush towards the eye, blurred by their speed.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    { "NAME": "startImage", "TYPE": "image" },
    { "NAME": "endImage", "TYPE": "image" },
    { "NAME": "progress", "LABEL": "From the first picture to the second", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "zoom", "LABEL": "How deep", "TYPE": "float", "DEFAULT": 1, "MIN": 0.1, "MAX": 3 },
    { "NAME": "blur", "LABEL": "Blur of the speed", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 1 },
    { "NAME": "turn", "LABEL": "Turn on the way, in turns", "TYPE": "float", "DEFAULT": 0, "MIN": -0.5, "MAX": 0.5 },
    { "NAME": "out_", "LABEL": "Outwards instead", "TYPE": "bool", "DEFAULT": false },
    { "NAME": "centre", "LABEL": "Where to", "TYPE": "point2D", "DEFAULT": [0.5, 0.5], "MIN": [0, 0], "MAX": [1, 1] }
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

vec2 placed(float depth, float turns) {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float a = 6.2831853 * turns;
    vec2 p = (isf_FragNormCoord - centre) * square * exp2(-depth);
    return mirrored(centre + mat2(cos(a), sin(a), -sin(a), cos(a)) * p / square);
}

// Five places along the way, shifted a little from pixel to pixel so that no rings show.
void main() {
    float way = out_ ? -1.0 : 1.0;
    float t = smoothstep(0.0, 1.0, progress);
    float speed = blur * 0.5 * zoom * sin(3.14159265 * clamp(progress, 0.0, 1.0));
    float shift = chance(ivec2(gl_FragCoord.xy)) - 0.5;
    float shown = smoothstep(0.3, 0.7, progress);
    vec4 sum = vec4(0.0);
    for (int k = 0; k < 5; k++) {
        float d = speed * (float(k) - 2.0 + shift) * 0.2;
        vec4 a = IMG_NORM_PIXEL(startImage, placed(way * (1.6 * zoom * t + d), turn * t));
        vec4 b = IMG_NORM_PIXEL(endImage, placed(way * (1.6 * zoom * (t - 1.0) + d), turn * (t - 1.0)));
        vec4 c = blend(a, b, shown);
        sum += vec4(c.rgb * c.rgb * c.a, c.a);
    }
    sum *= 0.2;
    gl_FragColor = vec4(sqrt(sum.rgb / max(sum.a, 1e-4)), sum.a);
}
