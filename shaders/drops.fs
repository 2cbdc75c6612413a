/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Slow drops of light that meet, merge and part, like wax in a lamp.",
  "CATEGORIES": ["Generator", "Form"],
  "INPUTS": [
    { "NAME": "count", "LABEL": "Number of drops", "TYPE": "long", "DEFAULT": 9, "MIN": 1, "MAX": 12 },
    { "NAME": "size", "LABEL": "Size, in picture heights", "TYPE": "float", "DEFAULT": 0.14, "MIN": 0.03, "MAX": 0.4 },
    { "NAME": "merge", "LABEL": "How readily they merge", "TYPE": "float", "DEFAULT": 0.75, "MIN": 0, "MAX": 1 },
    { "NAME": "pace", "LABEL": "Rounds per hour", "TYPE": "long", "DEFAULT": 60, "MIN": 0, "MAX": 1800 },
    { "NAME": "phase", "LABEL": "Moves it through its round", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "spread", "LABEL": "How far they wander", "TYPE": "float", "DEFAULT": 0.8, "MIN": 0.1, "MAX": 1.2 },
    { "NAME": "relief", "LABEL": "Flat or round", "TYPE": "float", "DEFAULT": 0.8, "MIN": 0, "MAX": 1 },
    { "NAME": "rim", "LABEL": "Light of the rim", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 1 },
    { "NAME": "low", "LABEL": "Colour below", "TYPE": "color", "DEFAULT": [0.9, 0.15, 0.25, 1.0] },
    { "NAME": "high", "LABEL": "Colour above", "TYPE": "color", "DEFAULT": [1.0, 0.7, 0.3, 1.0] },
    { "NAME": "ground", "LABEL": "The ground", "TYPE": "color", "DEFAULT": [0.02, 0.0, 0.05, 1.0] }
  ],
  "PASSES": [
    { "TARGET": "form", "FLOAT": true, "WIDTH": "180 * $WIDTH / $HEIGHT", "HEIGHT": "180" },
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
float now() { return phase + TIME * float(pace) / 3600.0; }

// x: how far outside, in picture heights, < 0 inside · y, z: which way is out. Smooth, so that it is
// drawn small and seen at every size.
vec4 shaped() {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 p = (isf_FragNormCoord - 0.5) * square;
    float turns = now();
    float sharp = mix(9.0, 2.2, merge);                                  // a blend of distances: high is hard
    float sum = 0.0;
    vec2 slope = vec2(0.0);
    for (int k = 0; k < 12; k++) {
        if (k < count) {
            float a = fract(0.618034 * float(k) + 0.1);
            float b = chance(ivec2(k, 7));
            float c = chance(ivec2(k, 11));
            float times = 1.0 + floor(2.99 * b);
            vec2 at = vec2((2.0 * a - 1.0) * 0.42 * square.x, 0.4 * sin(TURN * (c + times * turns))) * spread;
            at.x += 0.11 * cos(TURN * (b + turns)) + 0.05 * sin(TURN * (a + 2.0 * turns));
            float r = size * (0.55 + 0.9 * c);
            vec2 d = p - at;
            float far = length(d);
            float w = exp(-sharp * (far - r) / size);                    // Quilez: the smooth minimum of distances is a sum of exponentials
            sum += w;
            slope += w * d / max(far, 1e-4);
        }
    }
    return vec4(-size * log(max(sum, 1e-37)) / sharp, slope / max(sum, 1e-37), 1.0);
}

void main() {
    if (PASSINDEX == 0) {
        gl_FragColor = shaped();
        return;
    }
    vec3 found = IMG_NORM_PIXEL(form, isf_FragNormCoord).xyz;
    float field = found.x;
    float pixel = 1.0 / RENDERSIZE.y;
    float inside = smoothstep(pixel, -pixel, field);
    float deep = clamp(-field / (0.9 * size), 0.0, 1.0);
    float dome = sqrt(max(deep * (2.0 - deep), 0.0));
    vec3 normal = normalize(vec3(found.yz * (1.0 - dome), 0.2 + dome));
    float lamp = max(dot(normal, normalize(vec3(-0.4, 0.7, 0.6))), 0.0);
    vec3 c = mix(low.rgb * low.rgb, high.rgb * high.rgb, clamp(isf_FragNormCoord.y + 0.3 * normal.y, 0.0, 1.0));
    vec3 body = c * mix(1.0, 0.12 + 1.05 * lamp * lamp, relief);
    float shine = lamp * lamp;
    shine *= shine;
    shine *= shine;
    shine *= shine * shine * shine * relief;                             // to the 48th
    float edge = pow(1.0 - dome, 2.0) * rim;
    vec3 lit = body + 0.7 * shine + c * edge * 0.9;
    vec3 around = ground.rgb * ground.rgb + c * 0.3 * rim * exp(-max(field, 0.0) * 8.0);
    gl_FragColor = vec4(sqrt(min(mix(around, lit, inside), 1.0)), 1.0);
}
