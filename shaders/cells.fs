/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Living cells: a Voronoi net whose seams glow and whose cells wander, as panes of glass, as stones or as a net alone.",
  "CATEGORIES": ["Generator", "Noise"],
  "INPUTS": [
    { "NAME": "size", "LABEL": "Size of a cell, in picture heights", "TYPE": "float", "DEFAULT": 0.22, "MIN": 0.04, "MAX": 1 },
    { "NAME": "seam", "LABEL": "Width of the seams", "TYPE": "float", "DEFAULT": 0.03, "MIN": 0, "MAX": 0.5 },
    { "NAME": "light", "LABEL": "Light of the seams", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 2 },
    { "NAME": "panes", "LABEL": "Light of the cells", "TYPE": "float", "DEFAULT": 0.9, "MIN": 0, "MAX": 1 },
    { "NAME": "round_", "LABEL": "Flat panes or round stones", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 1 },
    { "NAME": "pace", "LABEL": "Rounds per hour", "TYPE": "long", "DEFAULT": 60, "MIN": 0, "MAX": 1800 },
    { "NAME": "phase", "LABEL": "Moves it through its round", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "chaos", "LABEL": "Order or chaos", "TYPE": "float", "DEFAULT": 0.85, "MIN": 0, "MAX": 1 },
    { "NAME": "tint", "LABEL": "Colour of the seams", "TYPE": "color", "DEFAULT": [1.0, 0.7, 0.4, 1.0] },
    { "NAME": "one", "LABEL": "First colour of the cells", "TYPE": "color", "DEFAULT": [0.04, 0.2, 0.42, 1.0] },
    { "NAME": "two", "LABEL": "Second colour of the cells", "TYPE": "color", "DEFAULT": [0.6, 0.1, 0.32, 1.0] }
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

// Where the point of a cell is; each goes round a circle of its own, a whole number of times.
vec2 point(ivec2 cell, float turns) {
    float a = chance(cell);
    float b = chance(cell + ivec2(977, 131));
    float times = 1.0 + floor(2.99 * b);
    float angle = TURN * (a + (b < 0.5 ? turns : -turns) * times);
    return vec2(cell) + 0.5 + chaos * (0.2 + 0.22 * b) * vec2(cos(angle), sin(angle));
}

void main() {
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0) / size + 50.0;
    ivec2 base = ivec2(floor(p));
    float turns = now();
    vec2 away[9];
    vec2 nearest = vec2(9.0);
    ivec2 own = base;
    for (int k = 0; k < 9; k++) {
        ivec2 cell = base + ivec2(k % 3 - 1, k / 3 - 1);
        away[k] = point(cell, turns) - p;
        if (dot(away[k], away[k]) < dot(nearest, nearest)) {
            nearest = away[k];
            own = cell;
        }
    }
    float edge = 9.0;                                                    // to the nearest line half way between two points
    for (int k = 0; k < 9; k++) {
        vec2 between = away[k] - nearest;
        if (dot(between, between) > 1e-5) {
            edge = min(edge, dot(0.5 * (away[k] + nearest), normalize(between)));
        }
    }
    float pixel = 1.0 / (RENDERSIZE.y * size);
    float wide = 0.5 * seam;
    float line = (1.0 - smoothstep(wide - pixel, wide + pixel, edge)) * step(1e-4, seam);
    float halo = exp(-edge * 9.0);
    float lot = chance(own + ivec2(31, 57));
    vec3 c = mix(one.rgb * one.rgb, two.rgb * two.rgb, lot);
    float shade = mix(1.0, smoothstep(0.0, 0.38, edge) * (1.15 - 0.9 * dot(nearest, nearest)), round_);
    float lamp = 1.0 + round_ * 0.9 * dot(nearest, vec2(0.6, -0.7));
    vec3 pane = c * panes * (0.4 + 1.6 * chance(own)) * shade * max(lamp, 0.0);
    vec3 glow = tint.rgb * tint.rgb * light * (line + 0.3 * halo * step(1e-4, seam));
    vec3 lit = mix(pane, vec3(0.0), line) + glow;
    gl_FragColor = vec4(sqrt(min(lit, 1.0)), 1.0);
}
