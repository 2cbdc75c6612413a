/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "A relief map: brightness is height, from blue depths over green plains and yellow hills to ice, with light from the north-west. A second picture may raise and lower the land: an answer that comes back.",
  "CATEGORIES": ["Colour"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "answer", "TYPE": "image" },
    { "NAME": "sea", "LABEL": "Brightness at the coast", "TYPE": "float", "DEFAULT": 0.4, "MIN": 0, "MAX": 1 },
    { "NAME": "gain", "LABEL": "Height of black and white above it", "TYPE": "float", "DEFAULT": 1.6, "MIN": 0, "MAX": 8 },
    { "NAME": "echo", "LABEL": "How much the answer lifts the land where it is bright", "TYPE": "float", "DEFAULT": 0, "MIN": -2, "MAX": 2 },
    { "NAME": "light", "LABEL": "Light and shade on slopes", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 1 }
  ]
}*/

const float STEP = 1.0 / 192.0;     // in picture heights

float luminance(vec3 c) { return dot(c, vec3(0.299, 0.587, 0.114)); }

float at(float x, float y) {
    vec2 p = isf_FragNormCoord + vec2(x * RENDERSIZE.y / RENDERSIZE.x, y) * STEP;
    float h = gain * (luminance(IMG_NORM_PIXEL(inputImage, p).rgb) - sea);
    return h + echo * (luminance(IMG_NORM_PIXEL(answer, p).rgb) - 0.25);
}

// The colours of relief maps, by metres; after the scale of the ETOPO1 picture.
vec3 chart(float h) {
    if (h < 0.0) {
        float m = 6500.0 * pow(min(-h, 1.0), 1.15);
        vec3 c = mix(vec3(188, 230, 255), vec3(94, 223, 255), clamp(m / 1000.0, 0.0, 1.0));
        c = mix(c, vec3(43, 186, 255), clamp((m - 1000.0) / 2000.0, 0.0, 1.0));
        c = mix(c, vec3(19, 117, 244), clamp((m - 3000.0) / 2000.0, 0.0, 1.0));
        return mix(c, vec3(10, 50, 200), clamp((m - 5000.0) / 1500.0, 0.0, 1.0)) / 255.0;
    }
    float m = 5600.0 * pow(h, 1.6);
    vec3 c = mix(vec3(51, 102, 0), vec3(51, 204, 102), clamp(m / 100.0, 0.0, 1.0));
    c = mix(c, vec3(187, 228, 146), clamp((m - 100.0) / 100.0, 0.0, 1.0));
    c = mix(c, vec3(255, 220, 185), clamp((m - 200.0) / 300.0, 0.0, 1.0));
    c = mix(c, vec3(217, 166, 39), clamp((m - 500.0) / 1500.0, 0.0, 1.0));
    c = mix(c, vec3(164, 140, 22), clamp((m - 2000.0) / 700.0, 0.0, 1.0));
    c = mix(c, vec3(150, 95, 40), clamp((m - 2700.0) / 1100.0, 0.0, 1.0));
    c = mix(c, vec3(165, 145, 142), clamp((m - 3800.0) / 500.0, 0.0, 1.0));
    return mix(c, vec3(232.0), clamp((m - 4300.0) / 600.0, 0.0, 1.0)) / 255.0;
}

void main() {
    float h = at(0.0, 0.0);
    float slope = at(1.0, 0.0) - at(-1.0, 0.0) - at(0.0, 1.0) + at(0.0, -1.0);
    float shade = 1.0 + light * clamp(2.0 * slope, -0.6, 0.35) * (h < 0.0 ? 0.7 : 1.0);
    gl_FragColor = vec4(chart(h) * shade, 1.0);
}
