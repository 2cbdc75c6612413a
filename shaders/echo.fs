/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "What was made of the picture comes back into it, a little nearer and turned: a circle of two layers.",
  "CATEGORIES": ["Memory"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "answer", "TYPE": "image" },
    { "NAME": "amount", "LABEL": "How much comes back", "TYPE": "float", "DEFAULT": 0.4, "MIN": 0, "MAX": 1 },
    { "NAME": "zoom", "LABEL": "How much nearer", "TYPE": "float", "DEFAULT": 0.006, "MIN": -0.2, "MAX": 0.2 },
    { "NAME": "turn", "LABEL": "How far turned, in turns", "TYPE": "float", "DEFAULT": 0.0006, "MIN": -0.05, "MAX": 0.05 }
  ]
}*/

void main() {
    vec4 here = IMG_THIS_PIXEL(inputImage);
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float a = 6.2831853 * turn;
    vec2 p = mat2(cos(a), -sin(a), sin(a), cos(a)) * ((isf_FragNormCoord - 0.5) * square) / (1.0 + zoom);
    vec2 at = abs(p / square + 0.5);                       // beyond the edges it is mirrored
    vec3 back = IMG_NORM_PIXEL(answer, 1.0 - abs(1.0 - at)).rgb;
    gl_FragColor = vec4(mix(here.rgb, back, amount), here.a);
}
