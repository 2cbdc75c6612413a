/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Another layer's pixels: a layer that is made of them has effects and an opacity of its own.",
  "CATEGORIES": ["Generator"],
  "INPUTS": [
    { "NAME": "of", "LABEL": "Which layer", "TYPE": "image" }
  ]
}*/

void main() {
    gl_FragColor = IMG_NORM_PIXEL(of, isf_FragNormCoord);
}
