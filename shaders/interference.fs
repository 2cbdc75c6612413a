/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Waves from several points meet: rings cross and make a net that breathes, from soft light to hard lines.",
  "CATEGORIES": ["Generator", "Pattern"],
  "INPUTS": [
    { "NAME": "sources", "LABEL": "Number of sources", "TYPE": "long", "DEFAULT": 3, "MIN": 1, "MAX": 6 },
    { "NAME": "wavelength", "LABEL": "Length of a wave, in picture heights", "TYPE": "float", "DEFAULT": 0.12, "MIN": 0.025, "MAX": 0.6 },
    { "NAME": "waves", "LABEL": "Waves sent out per hour", "TYPE": "long", "DEFAULT": 1800, "MIN": -7200, "MAX": 7200 },
    { "NAME": "pace", "LABEL": "Rounds of the sources per hour", "TYPE": "long", "DEFAULT": 40, "MIN": 0, "MAX": 600 },
    { "NAME": "radius", "LABEL": "How far they stand from the middle, in picture heights", "TYPE": "float", "DEFAULT": 0.4, "MIN": 0, "MAX": 1.2 },
    { "NAME": "hard", "LABEL": "Soft light or hard lines", "TYPE": "float", "DEFAULT": 0.12, "MIN": 0, "MAX": 1 },
    { "NAME": "fade", "LABEL": "How soon waves die out", "TYPE": "float", "DEFAULT": 0.3, "MIN": 0, "MAX": 1 },
    { "NAME": "crest", "LABEL": "Colour of the crests", "TYPE": "color", "DEFAULT": [0.55, 0.9, 1.0, 1.0] },
    { "NAME": "trough", "LABEL": "Colour of the troughs", "TYPE": "color", "DEFAULT": [0.16, 0.12, 0.5, 1.0] },
    { "NAME": "ground", "LABEL": "Colour of the calm", "TYPE": "color", "DEFAULT": [0.0, 0.0, 0.03, 1.0] }
  ]
}*/

const float TURN = 6.2831853;

void main() {
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float beat = fract(TIME * float(waves) / 3600.0);
    float turns = TIME * float(pace) / 3600.0;
    float sum = 0.0;
    float total = 0.0;
    for (int k = 0; k < 6; k++) {
        if (k < sources) {
            float n = float(k) / float(sources);
            float a = TURN * (n + turns);
            float b = TURN * (turns * float(1 + k % 3) + n);
            vec2 at = radius * vec2(cos(a), sin(a)) * (0.75 + 0.25 * cos(b));
            float r = length(p - at);
            float w = 1.0 / (1.0 + 4.0 * fade * r);
            sum += w * cos(TURN * (r / wavelength - beat));
            total += w;
        }
    }
    float v = sum / total * (1.0 + 0.35 * float(sources - 1));
    float pixel = 3.0 / (RENDERSIZE.y * wavelength);
    float steep = mix(1.0, max(0.04, pixel), hard);
    float wave = clamp(v / steep, -1.0, 1.0);
    wave = wave * (1.5 - 0.5 * wave * wave);
    float amp = abs(wave) * mix(min(abs(v), 1.0), 1.0, hard);
    vec3 c = wave > 0.0 ? crest.rgb : trough.rgb;
    vec3 lit = mix(ground.rgb * ground.rgb, c * c, amp);
    gl_FragColor = vec4(sqrt(lit), 1.0);
}
