/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "A page of tiles: each turns over like a card and shows the second picture on its back, in a wave over the wall.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    { "NAME": "startImage", "TYPE": "image" },
    { "NAME": "endImage", "TYPE": "image" },
    { "NAME": "progress", "LABEL": "From the first picture to the second", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "rows", "LABEL": "Tiles from top to bottom", "TYPE": "long", "DEFAULT": 5, "MIN": 1, "MAX": 30 },
    { "NAME": "angle", "LABEL": "Where the wave goes, in turns", "TYPE": "float", "DEFAULT": 0.08, "MIN": 0, "MAX": 1 },
    { "NAME": "overlap", "LABEL": "One by one or nearly together", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0.05, "MAX": 1 },
    { "NAME": "upright", "LABEL": "They turn about an upright axis", "TYPE": "bool", "DEFAULT": true },
    { "NAME": "chaos", "LABEL": "In order or at random", "TYPE": "float", "DEFAULT": 0.15, "MIN": 0, "MAX": 1 },
    { "NAME": "ground", "LABEL": "What is seen between them", "TYPE": "color", "DEFAULT": [0.0, 0.0, 0.0, 1.0] }
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

void main() {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 cells = vec2(max(floor(float(rows) * square.x + 0.5), 1.0), float(rows));
    vec2 place = isf_FragNormCoord * cells;
    vec2 cell = floor(place);
    vec2 inside = place - cell - 0.5;
    vec2 middle = (cell + 0.5) / cells;
    float a = 6.2831853 * angle;
    vec2 way = vec2(cos(a), sin(a));
    float order = dot((middle - 0.5) * square, way) / max(dot(abs(way), square), 1e-3) + 0.5;
    order = mix(order, chance(ivec2(cell)), chaos);
    float t = smoothstep(0.0, 1.0, clamp((progress - order * (1.0 - overlap)) / overlap, 0.0, 1.0));
    float turned = cos(3.14159265 * t);                                  // 1 the front, -1 the back
    float tilt = sin(3.14159265 * t);
    vec2 q = upright ? inside : inside.yx;
    float depth = 1.0 / (1.0 + 0.35 * tilt * sign(turned) * q.x * 2.0);  // one side comes nearer
    float x = q.x / max(abs(turned), 1e-3) * mix(1.0, depth, tilt);
    float y = q.y * mix(1.0, 1.0 + 0.25 * tilt * sign(turned) * q.x * 2.0, 1.0);
    float pixel = cells.y / RENDERSIZE.y;
    float on = clamp((0.5 - abs(x)) * abs(turned) / pixel + 0.5, 0.0, 1.0) * clamp((0.5 - abs(y)) / pixel + 0.5, 0.0, 1.0);
    on = mix(1.0, on, step(1e-4, tilt));
    vec2 local = upright ? vec2(x, y) : vec2(y, x);
    vec2 at = clamp((cell + 0.5 + clamp(local, -0.5, 0.5)) / cells, 0.0, 1.0);
    vec4 c = turned > 0.0 ? IMG_NORM_PIXEL(startImage, at) : IMG_NORM_PIXEL(endImage, at);
    c.rgb *= 1.0 - 0.65 * tilt * tilt;                                   // edge-on it catches no light
    gl_FragColor = blend(ground, c, on);
}
