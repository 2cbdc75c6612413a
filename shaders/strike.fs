/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "An impact without a flash: the picture is thrown outward and its colours come apart. At amount 0 it is untouched.",
  "CATEGORIES": ["Impact"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "amount", "LABEL": "Force", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "centre", "LABEL": "Where it strikes", "TYPE": "point2D", "DEFAULT": [0.5, 0.5], "MIN": [0, 0], "MAX": [1, 1] },
    { "NAME": "throw", "LABEL": "How far it throws", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1 },
    { "NAME": "split", "LABEL": "How far the colours part", "TYPE": "float", "DEFAULT": 0.35, "MIN": 0, "MAX": 1 },
    { "NAME": "ring", "LABEL": "Radius of the wave, in picture heights", "TYPE": "float", "DEFAULT": 0.3, "MIN": 0.02, "MAX": 1.5 },
    { "NAME": "light", "LABEL": "Light of the picture; 0 is black", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 2 }
  ]
}*/

void main() {
    if (light <= 0.0) {
        gl_FragColor = vec4(0.0, 0.0, 0.0, 1.0);
        return;
    }
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 away = (isf_FragNormCoord - centre) * square;
    float r = length(away);
    vec2 outward = away / max(r, 1e-4);
    // The wave has passed where r is small; the ring grows as the force dies down.
    float front = ring * (2.0 - amount);
    float wave = exp(-pow((r - front) / (0.45 * ring + 0.08), 2.0));
    float push = amount * throw * (0.22 * wave + 0.1 * smoothstep(0.0, 0.5, r));
    float part = amount * split * (0.05 * wave + 0.03 * r);
    vec2 base = isf_FragNormCoord - outward * push / square;
    vec2 apart = outward * part / square;
    vec4 g = IMG_NORM_PIXEL(inputImage, base);
    float red = IMG_NORM_PIXEL(inputImage, base - apart).r;
    float blue = IMG_NORM_PIXEL(inputImage, base + apart).b;
    gl_FragColor = vec4(vec3(red, g.g, blue) * light, g.a);
}
