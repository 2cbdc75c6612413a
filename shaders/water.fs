/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "The picture lies under a basin of water. What changes in it, a touch or a beat (`drop`) makes waves, which run, are thrown back at the edges and bend the light.",
  "CATEGORIES": ["Memory"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "depth", "LABEL": "How much the water bends", "TYPE": "float", "DEFAULT": 0.8, "MIN": 0, "MAX": 1.5 },
    { "NAME": "speed", "LABEL": "Speed of the waves, in picture heights per second", "TYPE": "float", "DEFAULT": 0.35, "MIN": 0.05, "MAX": 0.6 },
    { "NAME": "half_life", "LABEL": "Half-life of the waves", "UNIT": "s", "TYPE": "float", "DEFAULT": 1.2, "MIN": 0.1, "MAX": 10 },
    { "NAME": "listen", "LABEL": "How much the picture's changes stir it", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1 },
    { "NAME": "drop", "LABEL": "A drop falls", "TYPE": "event" },
    { "NAME": "rain", "LABEL": "Drops per second that fall by themselves", "TYPE": "float", "DEFAULT": 2, "MIN": 0, "MAX": 10 },
    { "NAME": "place", "LABEL": "Where a drop falls", "TYPE": "point2D", "DEFAULT": [0.5, 0.5], "MIN": [0, 0], "MAX": [1, 1] },
    { "NAME": "size", "LABEL": "Size of a drop, in picture heights", "TYPE": "float", "DEFAULT": 0.04, "MIN": 0.015, "MAX": 0.2 },
    { "NAME": "shine", "LABEL": "Light on the waves", "TYPE": "float", "DEFAULT": 0.55, "MIN": 0, "MAX": 1 }
  ],
  "PASSES": [
    { "TARGET": "basin", "PERSISTENT": true, "FLOAT": true, "WIDTH": "108 * $WIDTH / $HEIGHT", "HEIGHT": "108" },
    { "TARGET": "basin", "PERSISTENT": true, "FLOAT": true, "WIDTH": "108 * $WIDTH / $HEIGHT", "HEIGHT": "108" },
    {}
  ]
}*/

const float ROWS = 108.0;

// PCG (O'Neill 2014)
float chance(int n) {
    uint v = uint(n) * 747796405u + 2891336453u;
    v = ((v >> ((v >> 28u) + 4u)) ^ v) * 277803737u;
    return float(((v >> 22u) ^ v) >> 8u) / 16777216.0;
}

// x: height · y: height before · z: what was seen
vec4 wave(bool is_first) {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 e = 1.0 / RENDERSIZE;
    vec4 old = IMG_THIS_PIXEL(basin);
    float around = IMG_NORM_PIXEL(basin, isf_FragNormCoord + vec2(e.x, 0.0)).x + IMG_NORM_PIXEL(basin, isf_FragNormCoord - vec2(e.x, 0.0)).x
                 + IMG_NORM_PIXEL(basin, isf_FragNormCoord + vec2(0.0, e.y)).x + IMG_NORM_PIXEL(basin, isf_FragNormCoord - vec2(0.0, e.y)).x;
    float dt = 0.5 * min(TIMEDELTA, 0.05);
    float c = min(speed * dt * ROWS, 0.68);                              // Courant's number: above 0.7 it would explode
    float keep = exp2(-dt / half_life);
    float next = old.x + (old.x - old.y) * keep + c * c * (around - 4.0 * old.x);
    float seen = old.z;
    if (is_first) {
        seen = dot(IMG_THIS_PIXEL(inputImage).rgb, vec3(0.299, 0.587, 0.114));
        float change = TIMEDELTA > 0.0 ? clamp(seen - old.z, -0.3, 0.3) : 0.0;
        next += listen * change * 0.12;
        vec2 p = isf_FragNormCoord * square;
        vec2 d = p - place * square;
        float hit = drop ? exp(-dot(d, d) / (size * size)) : 0.0;
        float beat = floor(TIME * rain);
        if (TIMEDELTA > 0.0 && rain > 0.0 && beat != floor((TIME - TIMEDELTA) * rain)) {
            int n = int(beat) * 2;
            d = p - vec2(chance(n), chance(n + 1)) * square;
            hit += (0.4 + 0.6 * chance(n + 7)) * exp(-dot(d, d) / (size * size));
        }
        next -= 0.25 * hit;
    }
    next *= exp2(-dt / (8.0 * half_life));
    return vec4(clamp(next, -1.0, 1.0), old.x, seen, 1.0);
}

void main() {
    if (PASSINDEX == 0) {
        gl_FragColor = wave(true);
    } else if (PASSINDEX == 1) {
        gl_FragColor = wave(false);
    } else {
        vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
        vec2 e = vec2(1.0 / ROWS) / square;
        float east = IMG_NORM_PIXEL(basin, isf_FragNormCoord + vec2(e.x, 0.0)).x;
        float west = IMG_NORM_PIXEL(basin, isf_FragNormCoord - vec2(e.x, 0.0)).x;
        float north = IMG_NORM_PIXEL(basin, isf_FragNormCoord + vec2(0.0, e.y)).x;
        float south = IMG_NORM_PIXEL(basin, isf_FragNormCoord - vec2(0.0, e.y)).x;
        vec2 slope = vec2(east - west, north - south);
        vec2 way = slope * depth * 0.5 / square;
        vec2 at = 1.0 - abs(1.0 - mod(isf_FragNormCoord - way, 2.0));
        vec4 here = IMG_NORM_PIXEL(inputImage, at);
        float lamp = dot(slope, vec2(-0.6, 0.8));
        float spark = smoothstep(0.03, 0.2, lamp);
        vec3 lit = here.rgb * here.rgb * clamp(1.0 + 3.0 * shine * lamp, 0.2, 2.0) + shine * spark * spark * 0.35;
        gl_FragColor = vec4(sqrt(clamp(lit, 0.0, 1.0)), here.a);
    }
}
