/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Truchet tiles: quarter circles join into endless threads; tiles turn over one by one, and the threads find new ways.",
  "CATEGORIES": ["Generator", "Pattern"],
  "INPUTS": [
    { "NAME": "size", "LABEL": "Size of a tile, in picture heights", "TYPE": "float", "DEFAULT": 0.16, "MIN": 0.04, "MAX": 0.6 },
    { "NAME": "width", "LABEL": "Width of the threads", "TYPE": "float", "DEFAULT": 0.22, "MIN": 0.02, "MAX": 0.6 },
    { "NAME": "glow", "LABEL": "Glow", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1 },
    { "NAME": "pace", "LABEL": "Turns of every tile per hour", "TYPE": "long", "DEFAULT": 160, "MIN": 0, "MAX": 1800 },
    { "NAME": "angle", "LABEL": "Turns the wall, in turns", "TYPE": "float", "DEFAULT": 0.125, "MIN": 0, "MAX": 1 },
    { "NAME": "second", "LABEL": "A second thread beside it", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1 },
    { "NAME": "colours", "LABEL": "One colour or many", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 1 },
    { "NAME": "thread", "LABEL": "Colour of the threads", "TYPE": "color", "DEFAULT": [0.15, 0.7, 1.0, 1.0] },
    { "NAME": "other", "LABEL": "The other end of the colours", "TYPE": "color", "DEFAULT": [1.0, 0.2, 0.45, 1.0] },
    { "NAME": "ground", "LABEL": "The ground", "TYPE": "color", "DEFAULT": [0.01, 0.01, 0.03, 1.0] }
  ]
}*/

const float TURN = 6.2831853;

// PCG (O'Neill 2014): whole numbers, so that every graphics card draws the same.
float chance(ivec2 p) {
    uint v = uint(p.x) * 747796405u + uint(p.y) * 2891336453u + 277803737u;
    v = ((v >> ((v >> 28u) + 4u)) ^ v) * 277803737u;
    return float(((v >> 22u) ^ v) >> 8u) / 16777216.0;
}

// Smith 1987, "The tiling patterns of Sebastien Truchet and the topology of structural hierarchy".
void main() {
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float a = TURN * angle;
    p = mat2(cos(a), sin(a), -sin(a), cos(a)) * p / size + 60.0;
    ivec2 cell = ivec2(floor(p));
    vec2 q = fract(p) - 0.5;
    float lot = chance(cell);
    // A tile rests for most of its time and turns quickly by a quarter: after two it is as before.
    float t = TIME * float(2 * ((pace + 1) / 2)) / 3600.0 + lot;
    float quarter = floor(t) + smoothstep(0.8, 1.0, fract(t)) + (chance(cell + ivec2(91, 17)) < 0.5 ? 0.0 : 1.0);
    float b = 0.25 * TURN * quarter;
    // A tile that turns shrinks, so that it never leaves its place.
    float shrunk = abs(cos(b)) + abs(sin(b));
    vec2 r = mat2(cos(b), sin(b), -sin(b), cos(b)) * q * shrunk;
    float one = abs(length(r - 0.5) - 0.5);
    float two = abs(length(r + 0.5) - 0.5);
    float away = min(one, two);
    float pixel = shrunk / (RENDERSIZE.y * size);
    float half_ = 0.5 * width;
    float core = smoothstep(half_ + pixel, half_ - pixel, away);
    float gap = smoothstep(0.0, pixel * 2.0, abs(away - half_ * 0.45) - half_ * 0.13);
    core *= mix(1.0, gap, second);
    float halo = exp(-max(away - half_, 0.0) * 7.0) * glow;
    vec2 place = (p - 60.0) * size;
    float hue = 0.5 + 0.5 * sin(2.1 * place.x + 3.0 * place.y + TURN * fract(TIME * 30.0 / 3600.0));
    vec3 c = mix(thread.rgb, other.rgb, smoothstep(0.1, 0.9, hue) * colours);
    float round_ = 1.0 - away / max(half_, 1e-3) * 0.55 * core;
    float rim = shrunk > 1.001 ? clamp((0.5 - max(abs(r.x), abs(r.y))) / pixel + 0.5, 0.0, 1.0) : 1.0;
    vec3 lit = ground.rgb * ground.rgb + c * c * (core * round_ + 0.3 * halo * (1.0 - core)) * rim;
    gl_FragColor = vec4(sqrt(min(lit, 1.0)), 1.0);
}
