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
    { "NAME": "fog", "LABEL": "How soon it gets dark", "TYPE": "float", "DEFAULT": 0.4, "MIN": 0.05, "MAX": 1 },
    { "NAME": "end", "LABEL": "Light at its end", "TYPE": "color", "DEFAULT": [0.0, 0.0, 0.0, 1.0] },
    { "NAME": "centre", "LABEL": "Where it leads", "TYPE": "point2D", "DEFAULT": [0.5, 0.5], "MIN": [0, 0], "MAX": [1, 1] }
  ],
  "PASSES": [
    { "TARGET": "small", "WIDTH": "180 * $WIDTH / $HEIGHT", "HEIGHT": "180" },
    { "TARGET": "tiny", "WIDTH": "45 * $WIDTH / $HEIGHT", "HEIGHT": "45" },
    { "TARGET": "least", "WIDTH": "11 * $WIDTH / $HEIGHT", "HEIGHT": "11" },
    {}
  ]
}*/

const float TURN = 6.2831853;

vec4 seen(vec2 offset) {
    if (PASSINDEX == 0) {
        vec4 c = IMG_NORM_PIXEL(inputImage, isf_FragNormCoord + offset);
        return vec4(c.rgb * c.rgb, c.a);
    }
    return PASSINDEX == 1 ? IMG_NORM_PIXEL(small, isf_FragNormCoord + offset) : IMG_NORM_PIXEL(tiny, isf_FragNormCoord + offset);
}

void main() {
    if (PASSINDEX < 3) {
        vec2 d = 0.25 / RENDERSIZE;
        vec2 e = vec2(d.x, -d.y);
        gl_FragColor = 0.25 * (seen(d) + seen(-d) + seen(e) + seen(-e));
        return;
    }
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
    at = 1.0 - abs(1.0 - at);
    // Pixels of the picture in one of the canvas: far away it is seen smaller, and flickers if it is sharp.
    float dense = max(0.5 / (r * r * stretch), 2.0 * float(around) * square.x / (TURN * r));
    vec4 here = vec4(0.0);
    float soft = smoothstep(0.8, 3.0, dense);
    float softer = smoothstep(4.0, 12.0, dense);
    if (soft < 1.0) {
        vec4 c = IMG_NORM_PIXEL(inputImage, at);
        here = (1.0 - soft) * vec4(c.rgb * c.rgb, c.a);
    }
    if (soft > 0.0 && softer < 1.0) {
        here += soft * (1.0 - softer) * IMG_NORM_PIXEL(small, at);
    }
    if (softer > 0.0) {
        here += softer * mix(IMG_NORM_PIXEL(tiny, at), IMG_NORM_PIXEL(least, at), smoothstep(10.0, 35.0, dense));
    }
    float seen_ = exp(-fog * fog * max(depth - 0.6, 0.0) * 2.0) * smoothstep(0.0, 0.05, r);
    gl_FragColor = vec4(sqrt(mix(end.rgb * end.rgb, here.rgb, seen_)), mix(end.a, here.a, seen_));
}
