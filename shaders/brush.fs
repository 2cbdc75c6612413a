/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Brushwork at the screen's own sharpness: a small picture becomes strokes along its contours, with crisp edges and thick paint in a low light.",
  "CATEGORIES": ["Light"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "size", "LABEL": "Width of an edge, in picture heights", "TYPE": "float", "DEFAULT": 0.005, "MIN": 0.001, "MAX": 0.03 },
    { "NAME": "length", "LABEL": "Length of a stroke, in widths of an edge", "TYPE": "float", "DEFAULT": 2, "MIN": 0, "MAX": 8 },
    { "NAME": "crisp", "LABEL": "How crisp edges are", "TYPE": "float", "DEFAULT": 0.8, "MIN": 0, "MAX": 1 },
    { "NAME": "relief", "LABEL": "How thick the paint is", "TYPE": "float", "DEFAULT": 0.4, "MIN": 0, "MAX": 1 }
  ],
  "PASSES": [
    { "TARGET": "way", "FLOAT": true, "WIDTH": "max($WIDTH / 4, 1)", "HEIGHT": "max($HEIGHT / 4, 1)" },
    { "TARGET": "paint" },
    {}
  ]
}*/

// A shock filter across the contours of what is smoothed along them (Kyprianidis and Kang 2011,
// "Image and video abstraction by coherence-enhancing filtering"), in one step.
vec2 unit() { return size * vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0); }

float light(vec3 c) { return dot(c, vec3(0.2126, 0.7152, 0.0722)); }

float seen(vec2 offset) { return light(IMG_NORM_PIXEL(inputImage, isf_FragNormCoord + offset * unit()).rgb); }

// Direction along the contour, from the structure tensor (doubled angle, so that it can be averaged).
vec2 along() {
    vec2 tensor = vec2(0.0);
    for (int k = 0; k < 9; k++) {
        vec2 at = 1.5 * vec2(k % 3 - 1, k / 3 - 1);
        tensor += IMG_NORM_PIXEL(way, isf_FragNormCoord + at * unit()).xy;
    }
    return vec2(cos(0.5 * atan(tensor.y, tensor.x)), sin(0.5 * atan(tensor.y, tensor.x)));
}

vec3 stroke(vec2 at, vec2 t) {
    vec3 sum = vec3(0.0);
    for (int k = -2; k <= 2; k++) {
        vec2 p = isf_FragNormCoord + (at + 0.5 * length * float(k) * t) * unit();
        sum += IMG_NORM_PIXEL(inputImage, p).rgb * (k == 0 ? 0.36 : abs(k) == 1 ? 0.22 : 0.1);
    }
    return sum;
}

void main() {
    if (PASSINDEX == 0) {
        vec2 g = vec2(seen(vec2(1, 0)) - seen(vec2(-1, 0)), seen(vec2(0, 1)) - seen(vec2(0, -1)));
        gl_FragColor = vec4(g.y * g.y - g.x * g.x, -2.0 * g.x * g.y, 0.0, 1.0);
    } else if (PASSINDEX == 1) {
        vec2 t = along();
        vec2 n = vec2(-t.y, t.x);
        vec3 here = stroke(vec2(0.0), t);
        vec3 a = stroke(0.9 * n, t);
        vec3 b = stroke(-0.9 * n, t);
        float bend = light(a) + light(b) - 2.0 * light(here);
        vec3 low = light(a) < light(b) ? a : b;            // on a bright side it grows, on a dark one it sinks
        vec3 high = light(a) < light(b) ? b : a;
        float sharp = crisp * smoothstep(0.0, 0.03, abs(bend));
        gl_FragColor = vec4(mix(here, bend > 0.0 ? low : high, sharp), IMG_THIS_PIXEL(inputImage).a);
    } else {
        vec4 here = IMG_THIS_PIXEL(paint);
        vec2 d = max(0.25 * unit(), 1.0 / RENDERSIZE);
        float slope = light(IMG_NORM_PIXEL(paint, isf_FragNormCoord + vec2(d.x, -d.y)).rgb)
                    - light(IMG_NORM_PIXEL(paint, isf_FragNormCoord + vec2(-d.x, d.y)).rgb);
        float lit = 1.0 + 4.0 * relief * clamp(slope, -0.2, 0.2);
        gl_FragColor = vec4(clamp(here.rgb * lit, 0.0, 1.0), here.a);
    }
}
