/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "The first picture is wound into a whirl, and the second unwinds out of it.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    { "NAME": "startImage", "TYPE": "image" },
    { "NAME": "endImage", "TYPE": "image" },
    { "NAME": "progress", "LABEL": "From the first picture to the second", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "turns", "LABEL": "How far it is wound", "TYPE": "float", "DEFAULT": 1.2, "MIN": -4, "MAX": 4 },
    { "NAME": "radius", "LABEL": "Radius, in picture heights", "TYPE": "float", "DEFAULT": 1, "MIN": 0.1, "MAX": 2 },
    { "NAME": "pull", "LABEL": "How far it is drawn in", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1 },
    { "NAME": "centre", "LABEL": "Where", "TYPE": "point2D", "DEFAULT": [0.5, 0.5], "MIN": [0, 0], "MAX": [1, 1] }
  ]
}*/

vec4 blend(vec4 a, vec4 b, float t) {
    float alpha = mix(a.a, b.a, t);
    vec3 lit = mix(a.rgb * a.rgb * a.a, b.rgb * b.rgb * b.a, t) / max(alpha, 1e-4);
    return vec4(sqrt(lit), alpha);
}

vec2 mirrored(vec2 at) { return 1.0 - abs(1.0 - mod(at, 2.0)); }

vec2 wound(float amount) {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 p = (isf_FragNormCoord - centre) * square;
    float near = max(1.0 - dot(p, p) / (radius * radius), 0.0);
    float a = 6.2831853 * turns * amount * near * near;
    p = mat2(cos(a), sin(a), -sin(a), cos(a)) * p * (1.0 + 1.5 * pull * amount * near);
    return mirrored(centre + p / square);
}

void main() {
    float t = smoothstep(0.0, 1.0, progress);
    vec4 a = IMG_NORM_PIXEL(startImage, wound(t));
    vec4 b = IMG_NORM_PIXEL(endImage, wound(t - 1.0));
    gl_FragColor = blend(a, b, smoothstep(0.3, 0.7, progress));
}
