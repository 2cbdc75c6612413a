/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Brightness becomes colour: heat, ice, night vision, a rainbow, or three colours of one's own; the scale can travel through the picture.",
  "CATEGORIES": ["Colour"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "scale", "LABEL": "Colours", "TYPE": "long", "DEFAULT": 0, "VALUES": [0, 1, 2, 3, 4], "LABELS": ["Heat", "Ice", "Acid", "Rainbow", "Own three"] },
    { "NAME": "amount", "LABEL": "Picture or scale", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 1 },
    { "NAME": "repeats", "LABEL": "How often it goes through the scale, there and back", "TYPE": "float", "DEFAULT": 1, "MIN": 1, "MAX": 8 },
    { "NAME": "shift", "LABEL": "Moves the scale, in scales", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "pace", "LABEL": "Scales travelled per hour", "TYPE": "long", "DEFAULT": 0, "MIN": -3600, "MAX": 3600 },
    { "NAME": "shade", "LABEL": "How much of the picture's light stays", "TYPE": "float", "DEFAULT": 0.2, "MIN": 0, "MAX": 1 },
    { "NAME": "dark", "LABEL": "Own: dark", "TYPE": "color", "DEFAULT": [0.05, 0.02, 0.15, 1.0] },
    { "NAME": "middle", "LABEL": "Own: middle", "TYPE": "color", "DEFAULT": [0.85, 0.2, 0.35, 1.0] },
    { "NAME": "bright", "LABEL": "Own: bright", "TYPE": "color", "DEFAULT": [1.0, 0.9, 0.6, 1.0] }
  ]
}*/

vec3 five(float v, vec3 a, vec3 b, vec3 c, vec3 d, vec3 e) {
    float x = 4.0 * clamp(v, 0.0, 1.0);
    vec3 low = mix(a, b, clamp(x, 0.0, 1.0));
    low = mix(low, c, clamp(x - 1.0, 0.0, 1.0));
    low = mix(low, d, clamp(x - 2.0, 0.0, 1.0));
    return mix(low, e, clamp(x - 3.0, 0.0, 1.0));
}

vec3 colour(float v) {
    if (scale == 0) {
        return five(v, vec3(0.01, 0.0, 0.03), vec3(0.28, 0.02, 0.33), vec3(0.82, 0.15, 0.2), vec3(0.98, 0.6, 0.1), vec3(1.0, 0.97, 0.8));
    }
    if (scale == 1) {
        return five(v, vec3(0.0, 0.0, 0.02), vec3(0.02, 0.1, 0.3), vec3(0.05, 0.4, 0.6), vec3(0.45, 0.8, 0.88), vec3(0.97, 1.0, 1.0));
    }
    if (scale == 2) {
        return five(v, vec3(0.0, 0.01, 0.03), vec3(0.05, 0.1, 0.35), vec3(0.0, 0.55, 0.35), vec3(0.6, 0.95, 0.15), vec3(1.0, 1.0, 0.8));
    }
    if (scale == 3) {
        vec3 wheel = 0.5 + 0.5 * cos(6.2831853 * (0.85 * v + vec3(0.235, 0.575, 0.9)));
        return wheel * wheel * smoothstep(0.0, 0.12, v);
    }
    return mix(mix(dark.rgb, middle.rgb, clamp(2.0 * v, 0.0, 1.0)), bright.rgb, clamp(2.0 * v - 1.0, 0.0, 1.0));
}

void main() {
    vec4 here = IMG_THIS_PIXEL(inputImage);
    float grey = clamp(dot(here.rgb, vec3(0.299, 0.587, 0.114)), 0.0, 1.0);
    float x = grey * repeats + 2.0 * (shift + TIME * float(pace) / 3600.0);
    float v = 1.0 - abs(1.0 - mod(x, 2.0));                              // there and back: no jump
    vec3 c = colour(v) * mix(1.0, grey, shade);
    gl_FragColor = vec4(mix(here.rgb, c, amount), here.a);
}
