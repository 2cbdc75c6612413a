/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "A tube: curved glass, lines that swell with brightness, a mask of red, green and blue, and a little light over all of it.",
  "CATEGORIES": ["Film"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "lines", "LABEL": "Lines from top to bottom", "TYPE": "long", "DEFAULT": 180, "MIN": 60, "MAX": 480 },
    { "NAME": "scan", "LABEL": "Depth of the lines", "TYPE": "float", "DEFAULT": 0.7, "MIN": 0, "MAX": 1 },
    { "NAME": "mask", "LABEL": "Depth of the colour mask", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1 },
    { "NAME": "curve", "LABEL": "Curve of the glass", "TYPE": "float", "DEFAULT": 0.35, "MIN": 0, "MAX": 1 },
    { "NAME": "bleed", "LABEL": "How far colours run sideways", "TYPE": "float", "DEFAULT": 0.4, "MIN": 0, "MAX": 1 },
    { "NAME": "glass", "LABEL": "Darkness at the rim", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 1 },
    { "NAME": "exposure", "LABEL": "Exposure, in stops", "TYPE": "float", "DEFAULT": 0.7, "MIN": -2, "MAX": 2 }
  ]
}*/

void main() {
    vec2 q = 2.0 * isf_FragNormCoord - 1.0;
    q *= 1.0 + curve * 0.14 * vec2(q.y * q.y, q.x * q.x) - curve * 0.05;
    vec2 at = 0.5 + 0.5 * q;
    float rows = min(float(lines), RENDERSIZE.y / 3.5);                  // a line has three pixels and a half at least
    float y = at.y * rows;
    float row = floor(y) + 0.5;
    float d = bleed * 1.2 / rows * RENDERSIZE.y / RENDERSIZE.x;
    // The beam's line: the nearest row and, softly, the one beside it.
    vec2 p = vec2(at.x, mix(at.y, row / rows, scan));
    vec4 middle = IMG_NORM_PIXEL(inputImage, p);
    vec4 left = IMG_NORM_PIXEL(inputImage, p - vec2(d, 0.0));
    vec4 right = IMG_NORM_PIXEL(inputImage, p + vec2(d, 0.0));
    vec3 c = vec3(0.4 * middle.r + 0.6 * left.r, 0.5 * middle.g + 0.25 * (left.g + right.g), 0.4 * middle.b + 0.6 * right.b);
    vec3 lit = c * c;
    float away = abs(fract(y) - 0.5);
    vec3 wide = 0.24 + 0.3 * c;                                          // bright lines are thicker
    vec3 beam = exp(-away * away / (wide * wide));
    lit *= mix(vec3(1.0), beam * 1.35, scan);
    float triad = fract(at.x * rows * RENDERSIZE.x / RENDERSIZE.y) * 3.0;
    vec3 stripe = smoothstep(vec3(1.1), vec3(0.4), abs(mod(vec3(triad) - vec3(0.5, 1.5, 2.5) + 1.5, 3.0) - 1.5));
    lit *= mix(vec3(1.0), 0.35 + 1.6 * stripe, mask);
    float r = dot(q, q);
    lit *= mix(1.0, 1.0 - 0.45 * smoothstep(0.2, 2.0, r), glass);
    vec2 pixel = 3.0 / RENDERSIZE;
    vec2 rim = smoothstep(vec2(1.0) + pixel, vec2(1.0) - pixel, abs(q));
    lit = max(lit, 0.0) * exp2(exposure);
    lit = lit / (1.0 + max(lit - 0.8, 0.0));
    gl_FragColor = vec4(sqrt(lit) * rim.x * rim.y, middle.a);
}
