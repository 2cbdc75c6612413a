/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "A dive through the first picture into the second: both rush towards the eye, blurred by their speed.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    { "NAME": "startImage", "TYPE": "image" },
    { "NAME": "endImage", "TYPE": "image" },
    { "NAME": "progress", "LABEL": "From the first picture to the second", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "zoom", "LABEL": "How deep", "TYPE": "float", "DEFAULT": 1, "MIN": 0.1, "MAX": 3 },
    { "NAME": "blur", "LABEL": "Blur of the speed", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 1 },
    { "NAME": "turn", "LABEL": "Turn on the way, in turns", "TYPE": "float", "DEFAULT": 0, "MIN": -0.5, "MAX": 0.5 },
    { "NAME": "out_", "LABEL": "Outwards instead", "TYPE": "bool", "DEFAULT": false },
    { "NAME": "centre", "LABEL": "Where to", "TYPE": "point2D", "DEFAULT": [0.5, 0.5], "MIN": [0, 0], "MAX": [1, 1] }
  ],
  "PASSES": [
    { "TARGET": "both" },
    { "TARGET": "near", "WIDTH": "max($WIDTH / 2, 1)", "HEIGHT": "max($HEIGHT / 2, 1)" },
    { "TARGET": "far", "WIDTH": "max($WIDTH / 2, 1)", "HEIGHT": "max($HEIGHT / 2, 1)" },
    {}
  ]
}*/

vec4 blend(vec4 a, vec4 b, float t) {
    float alpha = mix(a.a, b.a, t);
    vec3 lit = mix(a.rgb * a.rgb * a.a, b.rgb * b.rgb * b.a, t) / max(alpha, 1e-4);
    return vec4(sqrt(lit), alpha);
}

vec2 mirrored(vec2 at) { return 1.0 - abs(1.0 - mod(at, 2.0)); }

vec2 placed(float depth, float turns) {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float a = 6.2831853 * turns;
    vec2 p = (isf_FragNormCoord - centre) * square * exp2(-depth);
    return mirrored(centre + mat2(cos(a), sin(a), -sin(a), cos(a)) * p / square);
}

vec4 light(vec4 c) { return vec4(c.rgb * c.rgb * c.a, c.a); }

// Along the way of the dive: five samples, and five of those, which makes twenty-five.
vec4 smeared(sampler2D image, float reach) {
    vec4 sum = vec4(0.0);
    for (int k = -2; k <= 2; k++) {
        sum += IMG_NORM_PIXEL(image, mirrored(centre + (isf_FragNormCoord - centre) * exp2(-0.2 * reach * float(k))));
    }
    return 0.2 * sum;
}

void main() {
    float way = out_ ? -1.0 : 1.0;
    float t = smoothstep(0.0, 1.0, progress);
    float speed = blur * 0.5 * zoom * sin(3.14159265 * clamp(progress, 0.0, 1.0));
    if (PASSINDEX == 0) {
        vec4 a = IMG_NORM_PIXEL(startImage, placed(way * 1.6 * zoom * t, turn * t));
        vec4 b = IMG_NORM_PIXEL(endImage, placed(way * 1.6 * zoom * (t - 1.0), turn * (t - 1.0)));
        gl_FragColor = light(blend(a, b, smoothstep(0.3, 0.7, progress)));
    } else if (PASSINDEX == 1) {
        gl_FragColor = smeared(both, 0.2 * speed);
    } else if (PASSINDEX == 2) {
        gl_FragColor = smeared(near, speed);
    } else {
        float r = length((isf_FragNormCoord - centre) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0));
        float fast = smoothstep(0.0, 0.02, speed * r);                   // the middle stays sharp
        vec4 sum = fast < 1.0 ? mix(IMG_NORM_PIXEL(both, isf_FragNormCoord), IMG_NORM_PIXEL(far, isf_FragNormCoord), fast) : IMG_NORM_PIXEL(far, isf_FragNormCoord);
        gl_FragColor = vec4(sqrt(sum.rgb / max(sum.a, 1e-4)), sum.a);
    }
}
