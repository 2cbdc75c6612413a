/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "A strobe. Flashing light can cause seizures: warn the audience before. It begins at one soft flash a second; more than three a second over a large part of the picture is what WCAG 2.3.1 forbids.",
  "CATEGORIES": ["Impact"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "rate", "LABEL": "Flashes per minute; above 180 is a risk", "TYPE": "long", "DEFAULT": 60, "MIN": 0, "MAX": 720 },
    { "NAME": "depth", "LABEL": "How deep it falls between flashes", "TYPE": "float", "DEFAULT": 0.85, "MIN": 0, "MAX": 1 },
    { "NAME": "open", "LABEL": "Part of the time that is lit", "TYPE": "float", "DEFAULT": 0.35, "MIN": 0.02, "MAX": 0.98 },
    { "NAME": "softness", "LABEL": "Hard or soft", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 1 },
    { "NAME": "phase", "LABEL": "Moves the flashes, in flashes", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "tint", "LABEL": "What is between flashes", "TYPE": "color", "DEFAULT": [0.0, 0.0, 0.0, 1.0] }
  ]
}*/

void main() {
    vec4 here = IMG_THIS_PIXEL(inputImage);
    float t = fract(TIME * float(rate) / 60.0 + phase);
    float away = abs(t - 0.5);                                           // the flash lies around 0.5 of each round
    float wide = 0.02 + 0.48 * softness * min(open, 1.0 - open);
    float lit = rate == 0 ? 1.0 : 1.0 - smoothstep(0.5 * open - wide, 0.5 * open + wide, away);
    float keep = 1.0 - depth * (1.0 - lit);
    vec3 c = mix(tint.rgb * tint.rgb, here.rgb * here.rgb, keep);
    gl_FragColor = vec4(sqrt(c), here.a);
}
