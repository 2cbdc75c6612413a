/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "A flight through a tunnel whose wall is the picture: round or square, straight or twisted, dark at its end.",
  "CATEGORIES": ["Geometry"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "pace", "LABEL": "Pictures flown through per hour; below 0 backwards", "TYPE": "long", "DEFAULT": 360, "MIN": -7200, "MAX": 7200 },
    { "NAME": "place", "LABEL": "Moves along the tunnel, in pictures there and back", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "around", "LABEL": "How often the picture goes round, and mirrored back", "TYPE": "long", "DEFAULT": 2, "MIN": 1, "MAX": 8 },
    { "NAME": "stretch", "LABEL": "Length of a picture, in widths of the tunnel", "TYPE": "float", "DEFAULT": 2, "MIN": 0.2, "MAX": 6 },
    { "NAME": "corners", "LABEL": "Round or square", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "twist", "LABEL": "Turns per width of depth", "TYPE": "float", "DEFAULT": 0.04, "MIN": -0.5, "MAX": 0.5 },
    { "NAME": "turn", "LABEL": "Turns the tunnel, in turns", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "fog", "LABEL": "How soon it gets dark", "TYPE": "float", "DEFAULT": 0.55, "MIN": 0.05, "MAX": 1 },
    { "NAME": "end", "LABEL": "Light at its end", "TYPE": "color", "DEFAULT": [0.0, 0.0, 0.0, 1.0] },
    { "NAME": "centre", "LABEL": "Where it leads", "TYPE": "point2D", "DEFAULT": [0.5, 0.5], "MIN": [0, 0], "MAX": [1, 1] }
  ]
}*/

const float TURN = 6.2831853;

void main() {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 p = (isf_FragNormCoord - centre) * square;
    float a = TURN * turn;
    p = mat2(cos(a), sin(a), -sin(a), cos(a)) * p;
    vec2 q = abs(p) + 1e-5;
    float big = max(q.x, q.y);
    vec2 unit = q / big;                                                 // a superellipse between circle and square
    float k = mix(2.0, 14.0, corners * corners);
    float r = big * pow(pow(unit.x, k) + pow(unit.y, k), 1.0 / k);
    float depth = 0.5 / r;                                               // in widths of the tunnel
    float round_ = atan(p.y, p.x + 1e-9) / TURN + twist * depth;
    float along = depth / stretch + 2.0 * (place + TIME * float(pace) / 7200.0);
    vec2 at = mod(vec2(2.0 * float(around) * round_, along), 2.0);       // there and mirrored back: no seam
    vec4 here = IMG_NORM_PIXEL(inputImage, 1.0 - abs(1.0 - at));
    float seen = exp(-fog * fog * depth * 2.0) * smoothstep(0.0, 0.05, r);
    gl_FragColor = vec4(sqrt(mix(end.rgb * end.rgb, here.rgb * here.rgb, seen)), mix(end.a, here.a, seen));
}
