/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "What the pictures of docs/shaders.md are drawn over: a camera that sways, and a lamp that flies through its picture.",
  "INPUTS": [
    { "NAME": "still", "TYPE": "image" },
    { "NAME": "lamp", "LABEL": "Whether anything moves", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 }
  ]
}*/

void main() {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 at = (isf_FragNormCoord - 0.5) * 0.94 + 0.5 + 0.02 * lamp * vec2(sin(TIME * 1.1), cos(TIME * 0.7));
    vec2 d = (isf_FragNormCoord - 0.5) * square - vec2(0.55 * sin(TIME * 1.7), 0.3 * cos(TIME * 2.3));
    float disc = lamp * smoothstep(0.06, 0.05, length(d));
    gl_FragColor = mix(IMG_NORM_PIXEL(still, at), vec4(1.0, 0.75, 0.3, 1.0), disc);
}
