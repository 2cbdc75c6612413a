/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "The picture in large tiles: squares, hexagons or lamps of an LED wall, with gaps and a bevel that catches light.",
  "CATEGORIES": ["Print"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "shape", "LABEL": "Tiles", "TYPE": "long", "DEFAULT": 1, "VALUES": [0, 1, 2], "LABELS": ["Squares", "Hexagons", "Lamps"] },
    { "NAME": "size", "LABEL": "Size of a tile, in hundredths of the height", "TYPE": "float", "DEFAULT": 4, "MIN": 0.5, "MAX": 25 },
    { "NAME": "gap", "LABEL": "Gap between tiles", "TYPE": "float", "DEFAULT": 0.08, "MIN": 0, "MAX": 0.6 },
    { "NAME": "bevel", "LABEL": "Light on their edges", "TYPE": "float", "DEFAULT": 0.35, "MIN": 0, "MAX": 1 },
    { "NAME": "grow", "LABEL": "Dark tiles are smaller", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "ground", "LABEL": "Colour of the gaps", "TYPE": "color", "DEFAULT": [0.0, 0.0, 0.0, 1.0] }
  ]
}*/

const vec2 HEXAGON = vec2(1.0, 1.7320508);

vec2 honeycomb(vec2 p) {
    vec2 a = mod(p, HEXAGON) - 0.5 * HEXAGON;
    vec2 b = mod(p - 0.5 * HEXAGON, HEXAGON) - 0.5 * HEXAGON;
    return dot(a, a) < dot(b, b) ? a : b;
}

void main() {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float unit = 0.01 * size;
    vec2 p = (isf_FragNormCoord - 0.5) * square / unit;
    vec2 inside = shape == 1 ? honeycomb(p) : fract(p) - 0.5;
    vec2 at = (p - inside) * unit / square + 0.5;
    vec2 d = 0.27 * unit / square;
    vec4 sum = vec4(0.0);
    for (int k = 0; k < 9; k++) {
        vec4 c = IMG_NORM_PIXEL(inputImage, clamp(at + d * vec2(k % 3 - 1, k / 3 - 1), 0.0, 1.0));
        sum += vec4(c.rgb * c.rgb * c.a, c.a);
    }
    vec3 c = sqrt(sum.rgb / max(sum.a, 1e-4));
    vec2 q = abs(inside);
    float away = shape == 0 ? max(q.x, q.y)
               : shape == 1 ? max(q.x, dot(q, vec2(0.5, 0.8660254))) : length(inside);    // 0.5 at the edge
    float light = dot(c, vec3(0.299, 0.587, 0.114));
    float reach = 0.5 * (1.0 - gap) * mix(1.0, sqrt(clamp(light, 0.0, 1.0)), grow);
    float pixel = 0.75 / (RENDERSIZE.y * unit);
    float tile = clamp((reach - away) / (2.0 * pixel) + 0.5, 0.0, 1.0);
    if (gap <= 0.0 && grow <= 0.0 && shape != 2) {
        tile = 1.0;                                                      // no hairlines where tiles meet
    }
    float rim = smoothstep(reach - 0.14, reach, away) * bevel;
    vec3 lit = c * c * (1.0 + rim * 2.2 * dot(inside, vec2(-0.7, 0.7)));
    if (shape == 2) {
        lit = c * c * mix(1.0, 1.35 - 1.6 * away * away / max(reach * reach, 1e-4) * 0.6, bevel);
    }
    lit = clamp(lit, 0.0, 1.0);
    gl_FragColor = vec4(sqrt(mix(ground.rgb * ground.rgb, lit, tile)), mix(ground.a, 1.0, tile) * sum.a / 9.0);
}
