/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Slow drops of light that meet, merge and part, like wax in a lamp.",
  "CATEGORIES": ["Generator", "Form"],
  "INPUTS": [
    { "NAME": "count", "LABEL": "Number of drops", "TYPE": "long", "DEFAULT": 7, "MIN": 1, "MAX": 12 },
    { "NAME": "size", "LABEL": "Size, in picture heights", "TYPE": "float", "DEFAULT": 0.17, "MIN": 0.03, "MAX": 0.4 },
    { "NAME": "merge", "LABEL": "How readily they merge", "TYPE": "float", "DEFAULT": 0.75, "MIN": 0, "MAX": 1 },
    { "NAME": "pace", "LABEL": "Rounds per hour", "TYPE": "long", "DEFAULT": 60, "MIN": 0, "MAX": 1800 },
    { "NAME": "phase", "LABEL": "Moves it through its round", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "spread", "LABEL": "How far they wander", "TYPE": "float", "DEFAULT": 0.8, "MIN": 0.1, "MAX": 1.2 },
    { "NAME": "relief", "LABEL": "Flat or round", "TYPE": "float", "DEFAULT": 0.8, "MIN": 0, "MAX": 1 },
    { "NAME": "rim", "LABEL": "Light of the rim", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1 },
    { "NAME": "low", "LABEL": "Colour below", "TYPE": "color", "DEFAULT": [0.9, 0.15, 0.25, 1.0] },
    { "NAME": "high", "LABEL": "Colour above", "TYPE": "color", "DEFAULT": [1.0, 0.7, 0.3, 1.0] },
    { "NAME": "ground", "LABEL": "The ground", "TYPE": "color", "DEFAULT": [0.02, 0.0, 0.05, 1.0] }
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

void main() {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 p = (isf_FragNormCoord - 0.5) * square;
    float turns = now();
    float sharp = mix(9.0, 2.2, merge);                                  // a blend of distances: high is hard
    float sum = 0.0;
    vec2 slope = vec2(0.0);
    for (int k = 0; k < 12; k++) {
        if (k < count) {
            float a = chance(ivec2(k, 3));
            float b = chance(ivec2(k, 7));
            float c = chance(ivec2(k, 11));
            vec2 at = vec2(cos(TURN * (a + turns * (1.0 + floor(3.0 * b)))) * 0.42 * square.x, sin(TURN * (b + turns * (1.0 + floor(3.0 * c)))) * 0.42) * spread;
            at.x += 0.1 * cos(TURN * (c + 2.0 * turns));
            float r = size * (0.5 + c);
            vec2 d = p - at;
            float far = length(d);
            float w = exp(-sharp * (far - r) / size);                    // Quilez: the smooth minimum of distances is a sum of exponentials
            sum += w;
            slope += w * d / max(far, 1e-4);
        }
    }
    float field = -size * log(max(sum, 1e-9)) / sharp;                   // < 0 inside
    slope /= max(sum, 1e-9);
    float pixel = 1.0 / RENDERSIZE.y;
    float inside = smoothstep(pixel, -pixel, field);
    float deep = clamp(-field / size, 0.0, 1.0);
    float dome = sqrt(max(deep * (2.0 - deep), 0.0));
    vec3 normal = normalize(vec3(slope * (1.0 - dome), 0.25 + dome));
    float lamp = max(dot(normal, normalize(vec3(-0.4, 0.7, 0.6))), 0.0);
    vec3 c = mix(low.rgb * low.rgb, high.rgb * high.rgb, clamp(isf_FragNormCoord.y + 0.25 * normal.y, 0.0, 1.0));
    vec3 body = c * mix(1.0, 0.25 + 0.95 * lamp, relief);
    float shine = pow(lamp, 24.0) * relief;
    float edge = pow(1.0 - dome, 3.0) * rim;
    vec3 lit = body + 0.6 * shine + c * edge * 0.8;
    vec3 around = ground.rgb * ground.rgb + c * 0.35 * rim * exp(-max(field, 0.0) * 9.0);
    gl_FragColor = vec4(sqrt(min(mix(around, lit, inside), 1.0)), 1.0);
}
