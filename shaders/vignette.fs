/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Darker towards the edges, round or along the frame: no hard border of the projection on the wall.",
  "CATEGORIES": ["Light"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "strength", "LABEL": "Strength", "TYPE": "float", "DEFAULT": 0.8, "MIN": 0, "MAX": 1 },
    { "NAME": "size", "LABEL": "How much of the picture stays clear", "TYPE": "float", "DEFAULT": 0.55, "MIN": 0, "MAX": 1 },
    { "NAME": "softness", "LABEL": "Softness", "TYPE": "float", "DEFAULT": 0.7, "MIN": 0.02, "MAX": 1 },
    { "NAME": "frame", "LABEL": "Round or along the frame", "TYPE": "float", "DEFAULT": 0.4, "MIN": 0, "MAX": 1 },
    { "NAME": "centre", "LABEL": "Centre", "TYPE": "point2D", "DEFAULT": [0.5, 0.5], "MIN": [0, 0], "MAX": [1, 1] },
    { "NAME": "tint", "LABEL": "Colour of the edges", "TYPE": "color", "DEFAULT": [0.0, 0.0, 0.0, 1.0] },
    { "NAME": "cut", "LABEL": "Cut the edges out instead", "TYPE": "bool", "DEFAULT": false }
  ]
}*/

void main() {
    vec4 here = IMG_THIS_PIXEL(inputImage);
    vec2 q = abs(isf_FragNormCoord - centre) * 2.0;
    float far = mix(length(q) * 0.85, max(q.x, q.y), frame);
    float rim = mix(0.15, 1.1, size);
    float shade = strength * smoothstep(rim - softness * rim, rim + 0.5 * softness, far);
    if (cut) {
        gl_FragColor = vec4(here.rgb, here.a * (1.0 - shade));
    } else {
        vec3 lit = mix(here.rgb * here.rgb, tint.rgb * tint.rgb, shade);
        gl_FragColor = vec4(sqrt(lit), here.a);
    }
}
