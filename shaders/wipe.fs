/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "One edge passes over the picture, at any angle, as sharp or as soft as wished, straight or waved, with a light of its own.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    { "NAME": "startImage", "TYPE": "image" },
    { "NAME": "endImage", "TYPE": "image" },
    { "NAME": "progress", "LABEL": "From the first picture to the second", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "angle", "LABEL": "Where it goes, in turns; 0 is to the right", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "softness", "LABEL": "Softness of the edge, in picture heights", "TYPE": "float", "DEFAULT": 0.12, "MIN": 0, "MAX": 1 },
    { "NAME": "wave", "LABEL": "How far it is waved, in picture heights", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 0.4 },
    { "NAME": "waves", "LABEL": "Waves over the height", "TYPE": "float", "DEFAULT": 2, "MIN": 0.5, "MAX": 12 },
    { "NAME": "light", "LABEL": "Light of the edge", "TYPE": "float", "DEFAULT": 0.25, "MIN": 0, "MAX": 1 },
    { "NAME": "tint", "LABEL": "Colour of the light", "TYPE": "color", "DEFAULT": [1.0, 0.9, 0.75, 1.0] }
  ]
}*/

vec4 blend(vec4 a, vec4 b, float t) {
    float alpha = mix(a.a, b.a, t);
    vec3 lit = mix(a.rgb * a.rgb * a.a, b.rgb * b.rgb * b.a, t) / max(alpha, 1e-4);
    return vec4(sqrt(lit), alpha);
}

void main() {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float a = 6.2831853 * angle;
    vec2 way = vec2(cos(a), sin(a));
    vec2 p = (isf_FragNormCoord - 0.5) * square;
    float wide = max(softness, 2.0 / RENDERSIZE.y);
    float half_ = dot(abs(way), 0.5 * square) + wave + wide;             // from the middle to where nothing is left
    float edge = mix(-half_, half_, progress) - dot(p, way);
    edge += wave * sin(6.2831853 * waves * dot(p, vec2(-way.y, way.x)));
    float t = smoothstep(-wide, wide, edge);
    vec4 c = blend(IMG_THIS_PIXEL(startImage), IMG_THIS_PIXEL(endImage), t);
    float rim = exp(-edge * edge * 4000.0) * light * smoothstep(0.0, 0.03, progress) * smoothstep(1.0, 0.97, progress);
    gl_FragColor = vec4(sqrt(min(c.rgb * c.rgb + rim * tint.rgb * tint.rgb, 1.0)), max(c.a, min(rim, 1.0)));
}
