/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "One colour.",
  "CATEGORIES": ["Ground"],
  "INPUTS": [
    { "NAME": "colour", "LABEL": "Colour", "TYPE": "color", "DEFAULT": [1, 1, 1, 1] },
    { "NAME": "light", "LABEL": "Light", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 1 }
  ]
}*/

void main() {
    gl_FragColor = vec4(colour.rgb * light, colour.a);
}
