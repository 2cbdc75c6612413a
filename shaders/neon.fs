/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Outlines as glass tubes: a white core, a coloured wall, and their light on the picture, which sinks into the dark.",
  "CATEGORIES": ["Line"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "width", "LABEL": "Width of the tubes, in hundredths of the height", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0.15, "MAX": 1.5 },
    { "NAME": "threshold", "LABEL": "How steep an edge must be", "TYPE": "float", "DEFAULT": 0.2, "MIN": 0, "MAX": 1 },
    { "NAME": "light", "LABEL": "Light of the tubes", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 2 },
    { "NAME": "glow", "LABEL": "Glow around them", "TYPE": "float", "DEFAULT": 0.8, "MIN": 0, "MAX": 2 },
    { "NAME": "picture", "LABEL": "How much of the picture shows", "TYPE": "float", "DEFAULT": 0.15, "MIN": 0, "MAX": 1 },
    { "NAME": "own", "LABEL": "One gas, or the picture's own colours", "TYPE": "float", "DEFAULT": 0.75, "MIN": 0, "MAX": 1 },
    { "NAME": "gas", "LABEL": "Colour of the gas", "TYPE": "color", "DEFAULT": [1.0, 0.15, 0.5, 1.0] }
  ],
  "PASSES": [
    { "TARGET": "tubes", "WIDTH": "max($WIDTH / 2, 1)", "HEIGHT": "max($HEIGHT / 2, 1)" },
    { "TARGET": "small", "WIDTH": "90 * $WIDTH / $HEIGHT", "HEIGHT": "90" },
    { "TARGET": "across", "WIDTH": "90 * $WIDTH / $HEIGHT", "HEIGHT": "90" },
    { "TARGET": "halo", "WIDTH": "90 * $WIDTH / $HEIGHT", "HEIGHT": "90" },
    { "TARGET": "sign_", "WIDTH": "max($WIDTH / 2, 1)", "HEIGHT": "max($HEIGHT / 2, 1)" },
    {}
  ]
}*/

const float BRIGHTEST = 6.0;

vec4 seen(vec2 offset) {
    vec2 d = 0.0075 * max(width, 72.0 / RENDERSIZE.y) * vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0);
    vec4 c = IMG_NORM_PIXEL(inputImage, isf_FragNormCoord + offset * d);
    return vec4(c.rgb * c.a, c.a);
}

// The gradient of each colour over a square of four; the edge is where it is steep.
vec4 draw_tubes() {
    vec3 a = seen(vec2(-1.0, -1.0)).rgb;
    vec3 b = seen(vec2(1.0, -1.0)).rgb;
    vec3 c = seen(vec2(-1.0, 1.0)).rgb;
    vec3 d = seen(vec2(1.0, 1.0)).rgb;
    vec3 x = 0.5 * (b + d - a - c);
    vec3 y = 0.5 * (c + d - a - b);
    vec3 steep = sqrt(x * x + y * y);
    float edge = max(max(steep.r, steep.g), steep.b);
    edge = smoothstep(0.5 * threshold + 0.02, 0.5 * threshold + 0.22, edge);
    vec3 top = max(max(a, b), max(c, d));
    vec3 hue = top / max(max(top.r, max(top.g, top.b)), 0.05);
    hue = mix(gas.rgb, hue * hue * hue, own);
    float core = edge * edge;
    core *= core;
    core *= core;
    return vec4((hue * hue + 0.35 * core) / 1.35 * edge * edge, 1.0);   // a buffer holds 0 to 1
}

vec3 blur(sampler2D image, vec2 direction) {
    vec3 sum = IMG_THIS_PIXEL(image).rgb;
    float total = 1.0;
    for (int k = 1; k <= 4; k++) {
        float w = exp(-float(k * k) / 6.5);
        vec2 d = direction * (float(k) / 90.0);
        sum += w * (IMG_NORM_PIXEL(image, isf_FragNormCoord + d).rgb + IMG_NORM_PIXEL(image, isf_FragNormCoord - d).rgb);
        total += 2.0 * w;
    }
    return sum / total;
}

// The glow is soft: it is drawn small, and laid over the tubes at their own size, so that the whole
// picture is touched once.
void main() {
    if (PASSINDEX == 0) {
        gl_FragColor = draw_tubes();
    } else if (PASSINDEX == 1) {
        vec2 d = 0.25 / RENDERSIZE;
        gl_FragColor = 0.25 * (IMG_NORM_PIXEL(tubes, isf_FragNormCoord + d) + IMG_NORM_PIXEL(tubes, isf_FragNormCoord - d)
            + IMG_NORM_PIXEL(tubes, isf_FragNormCoord + vec2(d.x, -d.y)) + IMG_NORM_PIXEL(tubes, isf_FragNormCoord + vec2(-d.x, d.y)));
    } else if (PASSINDEX == 2) {
        gl_FragColor = vec4(blur(small, vec2(RENDERSIZE.y / RENDERSIZE.x, 0.0)), 1.0);
    } else if (PASSINDEX == 3) {
        gl_FragColor = vec4(blur(across, vec2(0.0, 1.0)), 1.0);
    } else if (PASSINDEX == 4) {
        vec3 around = 1.35 * IMG_NORM_PIXEL(halo, isf_FragNormCoord).rgb;
        float crowd = max(around.r, max(around.g, around.b));            // many tubes: each burns lower
        vec3 lit = 1.35 * light * IMG_THIS_PIXEL(tubes).rgb / (1.0 + 1.2 * crowd) + 1.4 * glow * around / (1.0 + crowd);
        gl_FragColor = vec4(lit / BRIGHTEST, min(2.0 * glow * crowd, 1.0));
    } else {
        vec4 here = IMG_THIS_PIXEL(inputImage);
        vec4 lamp = IMG_NORM_PIXEL(sign_, isf_FragNormCoord);
        vec3 lit = here.rgb * here.rgb * picture + BRIGHTEST * lamp.rgb;
        lit = lit / (1.0 + max(lit - 0.7, 0.0));                         // a shoulder, not a ceiling
        gl_FragColor = vec4(sqrt(max(lit, 0.0)), max(here.a, lamp.a));
    }
}
