/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "A whirl and a lens: the picture is wound up around a point, and bulges or is pinched there.",
  "CATEGORIES": ["Geometry"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "twist", "LABEL": "How far it is wound up, in turns", "TYPE": "float", "DEFAULT": 0.35, "MIN": -2, "MAX": 2 },
    { "NAME": "bulge", "LABEL": "Pinched or bulging", "TYPE": "float", "DEFAULT": 0.25, "MIN": -1, "MAX": 1 },
    { "NAME": "radius", "LABEL": "Radius, in picture heights", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0.05, "MAX": 2 },
    { "NAME": "swing", "LABEL": "How far the twist swings to and fro", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "pace", "LABEL": "Swings per hour", "TYPE": "long", "DEFAULT": 240, "MIN": 0, "MAX": 3600 },
    { "NAME": "centre", "LABEL": "Where", "TYPE": "point2D", "DEFAULT": [0.5, 0.5], "MIN": [0, 0], "MAX": [1, 1] }
  ]
}*/

void main() {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 p = (isf_FragNormCoord - centre) * square;
    float r = length(p) / radius;
    float near = max(1.0 - r * r, 0.0);                                  // 1 in the middle, 0 at the rim, smooth at both
    float now = twist * (1.0 - swing + swing * cos(6.2831853 * TIME * float(pace) / 3600.0));
    float a = 6.2831853 * now * near * near;
    float scale = exp(-1.4 * bulge * near * near);
    p = mat2(cos(a), sin(a), -sin(a), cos(a)) * p * scale;
    vec2 at = mod(centre + p / square, 2.0);
    gl_FragColor = IMG_NORM_PIXEL(inputImage, 1.0 - abs(1.0 - at));      // beyond the edges it is mirrored
}
