/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Flow warp: the picture sways like weed in slow water, carried by a field that has no sources and no drains, so that nothing is torn or piled up.",
  "CATEGORIES": ["Geometry"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "amount", "LABEL": "How far it is carried, in picture heights", "TYPE": "float", "DEFAULT": 0.11, "MIN": 0, "MAX": 0.6 },
    { "NAME": "size", "LABEL": "Size of the eddies, in picture heights", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0.1, "MAX": 2 },
    { "NAME": "detail", "LABEL": "Small eddies", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1 },
    { "NAME": "pace", "LABEL": "Rounds of the water per hour", "TYPE": "long", "DEFAULT": 120, "MIN": 0, "MAX": 1800 },
    { "NAME": "phase", "LABEL": "Moves it through its round", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "glint", "LABEL": "Light on what is pressed together", "TYPE": "float", "DEFAULT": 0.2, "MIN": 0, "MAX": 1 }
  ],
  "PASSES": [
    { "TARGET": "water", "FLOAT": true, "WIDTH": "96 * $WIDTH / $HEIGHT", "HEIGHT": "96" },
    { "TARGET": "carried", "FLOAT": true, "WIDTH": "96 * $WIDTH / $HEIGHT", "HEIGHT": "96" },
    {}
  ]
}*/

const float TURN = 6.2831853;

// PCG (O'Neill 2014): whole numbers, so that every graphics card makes the same water.
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

float stream(vec2 p) {
    float turns = phase + TIME * float(pace) / 3600.0;
    p = p / size + 17.0;
    return noise(p, turns) + 0.4 * detail * noise(2.3 * p + 5.2, -turns) + 0.2 * detail * noise(4.7 * p + 9.1, 2.0 * turns);
}

void main() {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 p = (isf_FragNormCoord - 0.5) * square;
    if (PASSINDEX == 0) {
        gl_FragColor = vec4(stream(p) * size, 0.0, 0.0, 1.0);
    } else if (PASSINDEX == 1) {
        // Across the slope of the stream function (Bridson et al. 2007, "Curl-noise for procedural
        // fluid flow"), followed in four short steps.
        vec2 at = isf_FragNormCoord;
        vec2 e = vec2(1.0 / 96.0) / square;
        for (int k = 0; k < 4; k++) {
            float x = IMG_NORM_PIXEL(water, at + vec2(e.x, 0.0)).r - IMG_NORM_PIXEL(water, at - vec2(e.x, 0.0)).r;
            float y = IMG_NORM_PIXEL(water, at + vec2(0.0, e.y)).r - IMG_NORM_PIXEL(water, at - vec2(0.0, e.y)).r;
            at += vec2(y, -x) * 48.0 * 0.25 * amount / square;
        }
        gl_FragColor = vec4(at - isf_FragNormCoord, 0.0, 1.0);
    } else {
        vec2 way = IMG_NORM_PIXEL(carried, isf_FragNormCoord).xy;
        vec2 e = vec2(1.0 / 96.0) / square;
        vec2 dx = IMG_NORM_PIXEL(carried, isf_FragNormCoord + vec2(e.x, 0.0)).xy - way;
        vec2 dy = IMG_NORM_PIXEL(carried, isf_FragNormCoord + vec2(0.0, e.y)).xy - way;
        float pressed = (dx.x * square.x + dy.y + dx.y - dy.x) * 24.0;
        vec2 at = 1.0 - abs(1.0 - mod(isf_FragNormCoord + way, 2.0));
        vec4 here = IMG_NORM_PIXEL(inputImage, at);
        gl_FragColor = vec4(min(here.rgb * clamp(1.0 + glint * pressed, 0.3, 2.0), 1.0), here.a);
    }
}
