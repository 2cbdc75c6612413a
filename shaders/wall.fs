/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "For wide walls: upright bands of one picture, each drifting at its own pace, parted by thin seams of light. Nothing is mirrored and nothing jumps.",
  "CATEGORIES": ["Composition"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "bands", "LABEL": "Number of bands", "TYPE": "long", "DEFAULT": 7, "MIN": 1, "MAX": 32 },
    { "NAME": "drift", "LABEL": "Pace of the drift", "TYPE": "long", "DEFAULT": 4, "MIN": 0, "MAX": 60 },
    { "NAME": "spread", "LABEL": "How far apart the bands look", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 1 },
    { "NAME": "width", "LABEL": "How much of the picture the wall spans", "TYPE": "float", "DEFAULT": 1, "MIN": 0.1, "MAX": 4 },
    { "NAME": "depth", "LABEL": "Difference in brightness", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 1 },
    { "NAME": "seam", "LABEL": "Light of the seams", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1 },
    { "NAME": "tint", "LABEL": "Colour of the seams", "TYPE": "color", "DEFAULT": [1.0, 0.86, 0.7, 1.0] }
  ]
}*/

const float OVERLAP = 0.25;

// PCG (O'Neill 2014): whole numbers, so that every graphics card picks the same bands.
float hash(float n) {
    uint v = uint(n + 64.0) * 747796405u + 2891336453u;
    v = ((v >> ((v >> 28u) + 4u)) ^ v) * 277803737u;
    return float(((v >> 22u) ^ v) >> 8u) / 16777216.0;
}

// A picture without end: its last quarter dissolves into its first.
vec4 endless(vec2 p) {
    float period = 1.0 - OVERLAP;
    float x = mod(p.x, period);
    vec4 a = IMG_NORM_PIXEL(inputImage, vec2(x, p.y));
    vec4 b = IMG_NORM_PIXEL(inputImage, vec2(min(x + period, 1.0), p.y));
    return mix(b, a, smoothstep(0.0, OVERLAP, x));
}

void main() {
    float count = float(bands);
    float place = isf_FragNormCoord.x * count;
    float band = floor(place);
    float inside = fract(place);
    // whole turns per hour, so that the hour's end meets its beginning
    float own = (1.0 + floor(3.0 * hash(band))) * (hash(band + 7.0) < 0.5 ? -1.0 : 1.0);
    // the golden section keeps the bands' views apart for any number of them
    float view = mix(band / count * width, 0.75 * fract(band * 0.618034), spread);
    float x = view + inside / count * width + 0.75 * own * (TIME * float(drift) / 3600.0);
    vec4 c = endless(vec2(x, isf_FragNormCoord.y));

    float swell = 0.5 + 0.5 * cos(6.2831853 * (hash(band + 11.0) + TIME * (60.0 + floor(40.0 * hash(band + 5.0))) / 3600.0));
    vec3 lit = c.rgb * c.rgb * mix(1.0, 0.06 + 0.94 * swell * swell, depth);

    // distance to the nearest seam between two bands, in picture heights
    float wide = RENDERSIZE.x / RENDERSIZE.y / count;
    float edge = min(inside + (band < 0.5 ? 9.0 : 0.0), 1.0 - inside + (band > count - 1.5 ? 9.0 : 0.0)) * wide;
    float across = smoothstep(0.0, 0.03, edge);
    float line = exp(-edge * 420.0) + 0.12 * exp(-edge * 40.0);
    float height = isf_FragNormCoord.y - 0.5;
    float fade = exp(-height * height * 7.0);
    float bright = dot(c.rgb, vec3(0.299, 0.587, 0.114));    // no light where nothing is
    lit = lit * mix(1.0, across, 0.7) + tint.rgb * tint.rgb * line * fade * seam * smoothstep(0.0, 0.7, bright);
    gl_FragColor = vec4(sqrt(lit), c.a);
}
