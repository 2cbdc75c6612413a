/*{
  "ISFVSN": "2",
  "DESCRIPTION": "Multiplies the picture: the smallest filter.",
  "CATEGORIES": ["Filter"],
  "INPUTS": [
    {"NAME": "inputImage", "TYPE": "image"},
    {"NAME": "gain", "TYPE": "float", "DEFAULT": 1.0, "MIN": 0.0, "MAX": 1.0}
  ]
}*/

void main() {
    vec4 pixel = IMG_THIS_PIXEL(inputImage);
    gl_FragColor = vec4(pixel.rgb * gain, pixel.a);
}
