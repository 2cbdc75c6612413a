/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "A worn video tape: lines tremble, colour runs and lags behind, a torn band wanders through, snow falls. Nothing of it flashes.",
  "CATEGORIES": ["Film"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "wear", "LABEL": "How worn it is", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1 },
    { "NAME": "bleed", "LABEL": "How far colour runs", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 1 },
    { "NAME": "tear", "LABEL": "How far the torn band jumps", "TYPE": "float", "DEFAULT": 0.4, "MIN": 0, "MAX": 1 },
    { "NAME": "pace", "LABEL": "Rounds of the torn band per hour", "TYPE": "long", "DEFAULT": 300, "MIN": 0, "MAX": 3600 },
    { "NAME": "snow", "LABEL": "Snow", "TYPE": "float", "DEFAULT": 0.25, "MIN": 0, "MAX": 1 },
    { "NAME": "softness", "LABEL": "Softness of the picture", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1 },
    { "NAME": "faded", "LABEL": "How faded the colours are", "TYPE": "float", "DEFAULT": 0.3, "MIN": 0, "MAX": 1 }
  ]
}*/

const float LINES = 240.0;

// PCG (O'Neill 2014)
float chance(ivec2 p) {
    uint v = uint(p.x) * 747796405u + uint(p.y) * 2891336453u + 277803737u;
    v = ((v >> ((v >> 28u) + 4u)) ^ v) * 277803737u;
    return float(((v >> 22u) ^ v) >> 8u) / 16777216.0;
}

vec3 yiq(vec3 c) {
    return vec3(dot(c, vec3(0.299, 0.587, 0.114)), dot(c, vec3(0.596, -0.274, -0.322)), dot(c, vec3(0.211, -0.523, 0.312)));
}

void main() {
    int shot = int(floor(TIME * 25.0));                                  // a tape has a rate of its own
    float line = floor(isf_FragNormCoord.y * LINES);
    float narrow = RENDERSIZE.y / RENDERSIZE.x;
    float tremble = (chance(ivec2(int(line), shot)) - 0.5) * 0.004 * wear;
    tremble += sin(isf_FragNormCoord.y * 9.0 + 6.2831853 * fract(TIME * 0.5)) * 0.002 * wear;
    float band = 1.3 * fract(TIME * float(pace) / 3600.0) - 0.15;
    float away = (isf_FragNormCoord.y - band) / 0.06;
    float torn = exp(-away * away) * tear;
    float ragged = chance(ivec2(int(line * 0.5), shot / 3)) - 0.35;
    vec2 at = isf_FragNormCoord + vec2((tremble + torn * 0.16 * ragged) * narrow, 0.0);
    at.x = 1.0 - abs(1.0 - mod(at.x, 2.0));
    float d = 0.0035 * softness * narrow;
    vec4 here = IMG_NORM_PIXEL(inputImage, at);
    float y = 0.5 * yiq(here.rgb).x + 0.25 * (yiq(IMG_NORM_PIXEL(inputImage, at + vec2(d, 0.0)).rgb).x + yiq(IMG_NORM_PIXEL(inputImage, at - vec2(d, 0.0)).rgb).x);
    y += 0.5 * softness * (yiq(here.rgb).x - y) + 0.35 * softness * (y - yiq(IMG_NORM_PIXEL(inputImage, at - vec2(3.0 * d, 0.0)).rgb).x);
    vec2 colour = vec2(0.0);
    for (int k = 0; k < 5; k++) {                                        // colour comes late, from the left
        vec2 p = at - vec2((float(k) * 0.009 - 0.004) * bleed * narrow, -0.004 * bleed);
        colour += 0.2 * yiq(IMG_NORM_PIXEL(inputImage, p).rgb).yz;
    }
    colour *= 1.0 - 0.7 * faded;
    float x = isf_FragNormCoord.x / narrow;
    float flake = chance(ivec2(int(x * 160.0) + 7919 * shot, int(line)));
    float streak = smoothstep(0.6, 1.0, chance(ivec2(int(x * 24.0) + 31 * shot, int(line) + 5000)));
    float fall = step(1.0 - 0.006 * snow - 0.25 * torn * snow, flake) * (0.5 + 0.5 * streak);
    y += (flake - 0.5) * 0.09 * snow + 0.55 * fall;
    vec3 c = vec3(y + 0.956 * colour.x + 0.621 * colour.y, y - 0.272 * colour.x - 0.647 * colour.y, y - 1.106 * colour.x + 1.703 * colour.y);
    c = mix(c, 0.06 + 0.86 * c, faded);
    gl_FragColor = vec4(clamp(c, 0.0, 1.0), here.a);
}
