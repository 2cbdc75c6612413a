/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "The picture as a landscape: its brightness is height, lit by one low, slowly turning light.",
  "CATEGORIES": ["Light"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "height", "LABEL": "Height of the landscape", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1 },
    { "NAME": "angle", "LABEL": "Where the light stands, in turns", "TYPE": "float", "DEFAULT": 0.35, "MIN": 0, "MAX": 1 },
    { "NAME": "turning", "LABEL": "Turns per hour", "TYPE": "long", "DEFAULT": 20, "MIN": 0, "MAX": 240 },
    { "NAME": "elevation", "LABEL": "How high the light stands", "TYPE": "float", "DEFAULT": 0.22, "MIN": 0.02, "MAX": 1 },
    { "NAME": "hollows", "LABEL": "Darkness of the hollows", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 1 },
    { "NAME": "colour", "LABEL": "How much of the picture's colour stays", "TYPE": "float", "DEFAULT": 0.55, "MIN": 0, "MAX": 1 },
    { "NAME": "light", "LABEL": "Colour of the light", "TYPE": "color", "DEFAULT": [1.0, 0.87, 0.72, 1.0] },
    { "NAME": "shade", "LABEL": "Colour of the shade", "TYPE": "color", "DEFAULT": [0.07, 0.1, 0.16, 1.0] }
  ]
}*/

// Lengths are in picture heights, so that every resolution shows the same landscape.
const float STEP = 1.0 / 120.0;

float luminance(vec3 c) { return dot(c, vec3(0.299, 0.587, 0.114)); }

vec3 at(float x, float y) {
    vec2 offset = vec2(x * RENDERSIZE.y / RENDERSIZE.x, y) * STEP;
    return IMG_NORM_PIXEL(inputImage, isf_FragNormCoord + offset).rgb;
}

void main() {
    vec4 here = IMG_THIS_PIXEL(inputImage);
    float a = luminance(at(-1.0, -1.0));
    float b = luminance(at(1.0, -1.0));
    float c = luminance(at(-1.0, 1.0));
    float d = luminance(at(1.0, 1.0));
    float own = luminance(here.rgb);

    vec2 slope = vec2(a + c - b - d, a + b - c - d) * height * 3.0;
    vec3 normal = normalize(vec3(slope, 0.35));
    float turn = 6.2831853 * (angle + TIME * float(turning) / 3600.0);
    vec3 toward = normalize(vec3(cos(turn), sin(turn), elevation));
    float lit = max(dot(normal, toward), 0.0);
    float crest = max(dot(normal, normalize(toward + vec3(0.0, 0.0, 1.0))), 0.0);
    crest *= crest;
    crest *= crest;
    crest *= crest;
    crest *= crest * crest;                               // to the 24th

    float hollow = clamp((0.25 * (a + b + c + d) - own) * 7.0, 0.0, 1.0) * hollows;
    vec3 albedo = here.rgb * here.rgb;                    // near enough linear light
    albedo = mix(vec3(luminance(albedo)), albedo, colour);
    vec3 lamp = light.rgb * light.rgb;
    // the ground itself fades to black with the picture: nothing is lit where nothing is
    vec3 ground = albedo * (lamp * lit * 1.9 + shade.rgb * shade.rgb * 2.0);
    vec3 lightened = ground + lamp * crest * lit * 0.35 * smoothstep(0.02, 0.5, own);
    gl_FragColor = vec4(sqrt(lightened * (1.0 - hollow)), here.a);
}
