/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "An opening grows out of a point, or closes onto it: a circle, a diamond, the blades of a lens or a star.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    { "NAME": "startImage", "TYPE": "image" },
    { "NAME": "endImage", "TYPE": "image" },
    { "NAME": "progress", "LABEL": "From the first picture to the second", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "shape", "LABEL": "Shape", "TYPE": "long", "DEFAULT": 2, "VALUES": [0, 1, 2, 3], "LABELS": ["Circle", "Diamond", "Six blades", "Star"] },
    { "NAME": "centre", "LABEL": "Where", "TYPE": "point2D", "DEFAULT": [0.5, 0.5], "MIN": [0, 0], "MAX": [1, 1] },
    { "NAME": "softness", "LABEL": "Softness of the edge, in picture heights", "TYPE": "float", "DEFAULT": 0.03, "MIN": 0, "MAX": 1 },
    { "NAME": "turn", "LABEL": "Turns while it opens, in turns", "TYPE": "float", "DEFAULT": 0.15, "MIN": -1, "MAX": 1 },
    { "NAME": "closing", "LABEL": "Closes instead", "TYPE": "bool", "DEFAULT": false },
    { "NAME": "rim", "LABEL": "Light of the edge", "TYPE": "float", "DEFAULT": 0.3, "MIN": 0, "MAX": 1 }
  ]
}*/

vec4 blend(vec4 a, vec4 b, float t) {
    float alpha = mix(a.a, b.a, t);
    vec3 lit = mix(a.rgb * a.rgb * a.a, b.rgb * b.rgb * b.a, t) / max(alpha, 1e-4);
    return vec4(sqrt(lit), alpha);
}

float far(vec2 p) {
    if (shape == 0) {
        return length(p);
    }
    if (shape == 1) {
        return abs(p.x) + abs(p.y);
    }
    float a = atan(p.y, p.x + 1e-9);
    if (shape == 2) {
        float part = 1.0471976;
        return length(p) * cos(mod(a + 0.5 * part, part) - 0.5 * part) / 0.8660254;
    }
    float part = 1.2566371;
    float b = abs(mod(a + 0.5 * part, part) - 0.5 * part);               // 0 at a tip, 0.628 in a notch
    return length(p) * mix(1.0, 2.2, smoothstep(0.0, 0.5 * part, b));
}

void main() {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float t = closing ? 1.0 - progress : progress;
    float a = 6.2831853 * turn * (1.0 - t);
    vec2 p = mat2(cos(a), sin(a), -sin(a), cos(a)) * ((isf_FragNormCoord - centre) * square);
    float wide = max(softness, 1.5 / RENDERSIZE.y);
    vec2 corner = (0.5 + abs(centre - 0.5)) * square;
    float most = length(corner) * (shape == 1 ? 1.45 : shape == 3 ? 2.25 : 1.16) + wide;
    float reach = mix(-wide, most, t * t * 0.4 + t * 0.6);
    float inside = smoothstep(-wide, wide, reach - far(p));
    float shown = closing ? 1.0 - inside : inside;
    vec4 c = blend(IMG_THIS_PIXEL(startImage), IMG_THIS_PIXEL(endImage), shown);
    float line = 4.0 * inside * (1.0 - inside) * rim;
    gl_FragColor = vec4(sqrt(min(c.rgb * c.rgb * (1.0 + 2.0 * line) + 0.1 * line, 1.0)), c.a);
}
