/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Pen strokes on paper or chalk on slate: layers of parallel lines, crossed where it is darker, a little unsteady.",
  "CATEGORIES": ["Line"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "spacing", "LABEL": "Distance of the lines, in hundredths of the height", "TYPE": "float", "DEFAULT": 1.2, "MIN": 0.5, "MAX": 6 },
    { "NAME": "angle", "LABEL": "Direction, in turns", "TYPE": "float", "DEFAULT": 0.11, "MIN": 0, "MAX": 1 },
    { "NAME": "layers", "LABEL": "Layers that cross", "TYPE": "long", "DEFAULT": 3, "MIN": 1, "MAX": 4 },
    { "NAME": "weight", "LABEL": "Thickness of the pen", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0.1, "MAX": 1 },
    { "NAME": "unsteady", "LABEL": "How unsteady the hand is", "TYPE": "float", "DEFAULT": 0.4, "MIN": 0, "MAX": 1 },
    { "NAME": "chalk", "LABEL": "Chalk on slate: lines are light", "TYPE": "bool", "DEFAULT": true },
    { "NAME": "colour", "LABEL": "How much of the picture's colour the lines take", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 1 },
    { "NAME": "light", "LABEL": "The light colour: chalk, or paper", "TYPE": "color", "DEFAULT": [0.95, 0.93, 0.88, 1.0] },
    { "NAME": "dark", "LABEL": "The dark colour: slate, or ink", "TYPE": "color", "DEFAULT": [0.03, 0.04, 0.05, 1.0] }
  ]
}*/

// PCG (O'Neill 2014)
float chance(ivec2 p) {
    uint v = uint(p.x) * 747796405u + uint(p.y) * 2891336453u + 277803737u;
    v = ((v >> ((v >> 28u) + 4u)) ^ v) * 277803737u;
    return float(((v >> 22u) ^ v) >> 8u) / 16777216.0;
}

float sway(float x, int line) {
    int i = int(floor(x));
    return mix(chance(ivec2(i, line)), chance(ivec2(i + 1, line)), smoothstep(0.0, 1.0, fract(x))) - 0.5;
}

float stroke(vec2 p, float turns, float ink, int layer) {
    float a = 6.2831853 * turns;
    vec2 way = vec2(cos(a), sin(a));
    float unit = 0.01 * spacing;
    float along = dot(p, way) / unit;
    float across = dot(p, vec2(-way.y, way.x)) / unit;
    int line = int(floor(across)) + 977 * layer;
    float wave = unsteady * (0.5 * sway(along * 0.11, line) + 0.2 * sway(along * 0.43, line + 50));
    float away = abs(fract(across) - 0.5 + wave);
    float press = 1.0 + unsteady * sway(along * 0.3, line + 99);
    float half_ = 0.5 * weight * clamp(ink, 0.0, 1.0) * press;
    float pixel = 0.75 / (RENDERSIZE.y * unit);
    return smoothstep(half_ + pixel, half_ - pixel, away) * smoothstep(0.02, 0.12, ink);
}

void main() {
    vec4 here = IMG_THIS_PIXEL(inputImage);
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float l = clamp(dot(here.rgb, vec3(0.299, 0.587, 0.114)), 0.0, 1.0);
    float tone = (chalk ? pow(l, 0.75) : 1.0 - l) * float(layers);
    float drawn = 0.0;
    for (int k = 0; k < 4; k++) {
        if (k < layers) {
            float turns = angle + (k % 2 == 0 ? 0.0 : 0.25) + 0.09 * float(k / 2);
            drawn = 1.0 - (1.0 - drawn) * (1.0 - stroke(p, turns, tone - float(k) * 0.8, k));
        }
    }
    vec3 hue = here.rgb / max(max(here.r, max(here.g, here.b)), 0.05);
    vec4 ground = chalk ? dark : light;
    vec3 ink = mix(chalk ? light.rgb : dark.rgb, chalk ? hue : here.rgb * 0.6, colour);
    gl_FragColor = vec4(mix(ground.rgb, ink, drawn), here.a * mix(ground.a, 1.0, drawn));
}
