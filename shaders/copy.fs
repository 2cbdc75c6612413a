/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Another layer's pixels: a layer that is made of them has effects and an opacity of its own.",
  "CATEGORIES": ["Generator"],
  "INPUTS": [
    { "NAME": "of", "LABEL": "Which layer", "TYPE": "image" },
    { "NAME": "exposure", "LABEL": "Exposure, in stops", "TYPE": "float", "DEFAULT": 0, "MIN": -4, "MAX": 4 }
  ]
}*/

void main() {
    vec4 here = IMG_NORM_PIXEL(of, isf_FragNormCoord);
    gl_FragColor = vec4(here.rgb * exp2(exposure), here.a);
}
