/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "One picture pushes another aside: the slopes of a second layer (or of the picture itself) bend it as glass would.",
  "CATEGORIES": ["Geometry"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "by", "LABEL": "What pushes; nothing: the picture itself", "TYPE": "image" },
    { "NAME": "how", "LABEL": "How", "TYPE": "long", "DEFAULT": 0, "VALUES": [0, 1, 2], "LABELS": ["Down its slopes", "By its red and green", "Outward by its brightness"] },
    { "NAME": "amount", "LABEL": "How far, in picture heights", "TYPE": "float", "DEFAULT": 0.2, "MIN": -0.5, "MAX": 0.5 },
    { "NAME": "angle", "LABEL": "Turns the direction, in turns", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "smoothness", "LABEL": "Size of the slopes, in hundredths of the height", "TYPE": "float", "DEFAULT": 3, "MIN": 0.2, "MAX": 8 },
    { "NAME": "split", "LABEL": "How far the colours part", "TYPE": "float", "DEFAULT": 0.15, "MIN": 0, "MAX": 1 }
  ],
  "PASSES": [
    { "TARGET": "small", "FLOAT": true, "WIDTH": "160 * $WIDTH / $HEIGHT", "HEIGHT": "160" },
    { "TARGET": "across", "FLOAT": true, "WIDTH": "160 * $WIDTH / $HEIGHT", "HEIGHT": "160" },
    { "TARGET": "push", "FLOAT": true, "WIDTH": "160 * $WIDTH / $HEIGHT", "HEIGHT": "160" },
    {}
  ]
}*/

vec2 felt(vec2 offset) {
    vec2 at = isf_FragNormCoord + offset;
    vec4 c = IMG_SIZE(by).x > 1.5 ? IMG_NORM_PIXEL(by, at) : IMG_NORM_PIXEL(inputImage, at);
    float light = dot(c.rgb, vec3(0.299, 0.587, 0.114));
    return c.a * (how == 1 ? (c.rg - light) * 1.5 : vec2(light));
}

// The slope of what is smoothed, by derivatives of a Gaussian, one direction after the other: a bare
// difference would tear the picture at every fine detail.
vec2 smoothed(sampler2D image, vec2 direction, bool is_second) {
    vec2 step_ = direction * 0.005 * smoothness;
    vec2 level = vec2(0.0);
    vec2 slope = vec2(0.0);
    float total = 0.0;
    float norm = 0.0;
    for (int k = -4; k <= 4; k++) {
        float w = exp(-float(k * k) / 8.0);
        vec2 v = IMG_NORM_PIXEL(image, isf_FragNormCoord + step_ * float(k)).xy;
        level += w * v;
        slope += w * float(k) * v;
        total += w;
        norm += w * float(k * k);
    }
    level /= total;
    slope *= 4.0 / norm;
    return how != 0 ? level : is_second ? vec2(level.y, slope.x) : vec2(level.x, slope.x);
}

vec2 mirrored(vec2 at) { return 1.0 - abs(1.0 - mod(at, 2.0)); }

void main() {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    if (PASSINDEX == 0) {
        vec2 d = 0.25 / RENDERSIZE;
        vec2 e = vec2(d.x, -d.y);
        gl_FragColor = vec4(0.25 * (felt(d) + felt(-d) + felt(e) + felt(-e)), 0.0, 1.0);
    } else if (PASSINDEX == 1) {
        gl_FragColor = vec4(smoothed(small, vec2(1.0 / square.x, 0.0), false), 0.0, 1.0);
    } else if (PASSINDEX == 2) {
        vec2 way = smoothed(across, vec2(0.0, 1.0), true);
        if (how == 2) {
            vec2 out_ = (isf_FragNormCoord - 0.5) * square;
            way *= out_ / (length(out_) + 0.05);
        }
        float a = 6.2831853 * angle;
        gl_FragColor = vec4(mat2(cos(a), sin(a), -sin(a), cos(a)) * way, 0.0, 1.0);
    } else {
        vec2 way = IMG_NORM_PIXEL(push, isf_FragNormCoord).xy * amount / square;
        vec4 middle = IMG_NORM_PIXEL(inputImage, mirrored(isf_FragNormCoord - way));
        float red = IMG_NORM_PIXEL(inputImage, mirrored(isf_FragNormCoord - way * (1.0 - 0.5 * split))).r;
        float blue = IMG_NORM_PIXEL(inputImage, mirrored(isf_FragNormCoord - way * (1.0 + 0.5 * split))).b;
        gl_FragColor = vec4(red, middle.g, blue, middle.a);
    }
}
