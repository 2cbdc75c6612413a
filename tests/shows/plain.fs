/*{
  "ISFVSN": "2",
  "DESCRIPTION": "One colour: the smallest source.",
  "CATEGORIES": ["Generator"],
  "INPUTS": [
    {"NAME": "colour", "TYPE": "color", "DEFAULT": [0.9, 0.6, 0.3, 1.0]}
  ]
}*/

void main() {
    gl_FragColor = colour;
}
