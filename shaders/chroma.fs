/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Chroma shift: the colours part like light in a prism, outward from a point as in a cheap lens, or to one side.",
  "CATEGORIES": ["Colour"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "amount", "LABEL": "How far, in hundredths of the height", "TYPE": "float", "DEFAULT": 2.2, "MIN": 0, "MAX": 15 },
    { "NAME": "radial", "LABEL": "To one side or outward", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 1 },
    { "NAME": "angle", "LABEL": "To which side, in turns", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "centre", "LABEL": "Centre that stays sharp", "TYPE": "point2D", "DEFAULT": [0.5, 0.5], "MIN": [0, 0], "MAX": [1, 1] }
  ]
}*/

// Seven samples along the way: red is seen at its beginning, green in the middle, blue at its end.
void main() {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 away = (isf_FragNormCoord - centre) * square;
    float a = 6.2831853 * angle;
    vec2 way = mix(vec2(cos(a), sin(a)), 2.0 * away * length(away), radial) * 0.01 * amount / square;
    vec3 sum = vec3(0.0);
    vec3 total = vec3(0.0);
    float alpha = 0.0;
    for (int k = -3; k <= 3; k++) {
        float t = float(k) / 3.0;
        vec3 w = max(1.0 - abs(vec3(t + 0.7, t, t - 0.7)) / 0.75, 0.0);
        vec4 c = IMG_NORM_PIXEL(inputImage, isf_FragNormCoord + way * t);
        sum += w * c.rgb * c.rgb * c.a;
        total += w * max(c.a, 1e-4);
        alpha += c.a / 7.0;
    }
    gl_FragColor = vec4(sqrt(sum / total), alpha);
}
