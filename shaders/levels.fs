/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Levels and a curve: what is black, what is white, how bright the middle is, and how steep it runs there. Cheap, for every layer.",
  "CATEGORIES": ["Colour"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "black", "LABEL": "What becomes black", "TYPE": "float", "DEFAULT": 0.03, "MIN": 0, "MAX": 0.6 },
    { "NAME": "white", "LABEL": "What becomes white", "TYPE": "float", "DEFAULT": 0.95, "MIN": 0.3, "MAX": 1 },
    { "NAME": "gamma", "LABEL": "Brightness of the middle", "TYPE": "float", "DEFAULT": 1, "MIN": 0.3, "MAX": 3 },
    { "NAME": "curve", "LABEL": "Contrast of the middle", "TYPE": "float", "DEFAULT": 0.25, "MIN": -1, "MAX": 1 },
    { "NAME": "low", "LABEL": "Darkest value that comes out", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 0.5 },
    { "NAME": "high", "LABEL": "Brightest value that comes out", "TYPE": "float", "DEFAULT": 1, "MIN": 0.1, "MAX": 1 },
    { "NAME": "channel", "LABEL": "Of which colour", "TYPE": "long", "DEFAULT": 0, "VALUES": [0, 1, 2, 3], "LABELS": ["All", "Red", "Green", "Blue"] }
  ]
}*/

vec3 curved(vec3 c) {
    c = clamp((c - black) / max(white - black, 0.02), 0.0, 1.0);
    c = pow(c, vec3(1.0 / gamma));
    vec3 steep = c * c * (3.0 - 2.0 * c);                                // an S
    vec3 lazy = 0.5 + sign(c - 0.5) * 2.0 * (c - 0.5) * (c - 0.5);       // its opposite
    c = curve > 0.0 ? mix(c, steep, curve) : mix(c, lazy, -curve);
    return mix(vec3(low), vec3(high), c);
}

void main() {
    vec4 here = IMG_THIS_PIXEL(inputImage);
    vec3 c = curved(here.rgb);
    vec3 which = channel == 0 ? vec3(1.0) : vec3(channel == 1 ? 1.0 : 0.0, channel == 2 ? 1.0 : 0.0, channel == 3 ? 1.0 : 0.0);
    gl_FragColor = vec4(mix(here.rgb, c, which), here.a);
}
