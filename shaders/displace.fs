/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "One picture pushes another aside: the slopes of a second layer (or of the picture itself) bend it as glass would.",
  "CATEGORIES": ["Geometry"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "by", "LABEL": "What pushes; nothing: the picture itself", "TYPE": "image" },
    { "NAME": "how", "LABEL": "How", "TYPE": "long", "DEFAULT": 0, "VALUES": [0, 1, 2], "LABELS": ["Down its slopes", "By its red and green", "Outward by its brightness"] },
    { "NAME": "amount", "LABEL": "How far, in picture heights", "TYPE": "float", "DEFAULT": 0.12, "MIN": -0.5, "MAX": 0.5 },
    { "NAME": "angle", "LABEL": "Turns the direction, in turns", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "smoothness", "LABEL": "Size of the slopes, in hundredths of the height", "TYPE": "float", "DEFAULT": 3, "MIN": 0.2, "MAX": 8 },
    { "NAME": "split", "LABEL": "How far the colours part", "TYPE": "float", "DEFAULT": 0.15, "MIN": 0, "MAX": 1 }
  ],
  "PASSES": [
    { "TARGET": "push", "FLOAT": true, "WIDTH": "270 * $WIDTH / $HEIGHT", "HEIGHT": "270" },
    {}
  ]
}*/

vec4 seen(vec2 at) {
    if (IMG_SIZE(by).x > 1.5) {
        return IMG_NORM_PIXEL(by, at);
    }
    return IMG_NORM_PIXEL(inputImage, at);
}

float light(vec2 offset) {
    vec2 d = 0.01 * smoothness * vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0);
    vec4 c = seen(isf_FragNormCoord + offset * d);
    return dot(c.rgb, vec3(0.299, 0.587, 0.114)) * c.a;
}

// Sobel's gradient; one step a side, so that the slopes are those of forms of the wanted size.
vec2 slope() {
    float a = light(vec2(-1.0, -1.0));
    float b = light(vec2(1.0, -1.0));
    float c = light(vec2(-1.0, 1.0));
    float d = light(vec2(1.0, 1.0));
    float x = 2.0 * (light(vec2(1.0, 0.0)) - light(vec2(-1.0, 0.0))) + b + d - a - c;
    float y = 2.0 * (light(vec2(0.0, 1.0)) - light(vec2(0.0, -1.0))) + c + d - a - b;
    return vec2(x, y) / 4.0;
}

vec2 mirrored(vec2 at) { return 1.0 - abs(1.0 - mod(at, 2.0)); }

void main() {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    if (PASSINDEX == 0) {
        vec2 way = slope();
        if (how == 1) {
            vec4 c = seen(isf_FragNormCoord);
            way = (c.rg - 0.5 * (c.r + c.g + c.b) / 1.5) * 1.5 * c.a;
        } else if (how == 2) {
            vec2 out_ = (isf_FragNormCoord - 0.5) * square;
            way = out_ / (length(out_) + 0.05) * light(vec2(0.0));
        }
        float a = 6.2831853 * angle;
        gl_FragColor = vec4(mat2(cos(a), sin(a), -sin(a), cos(a)) * way, 0.0, 1.0);
        return;
    }
    vec2 way = IMG_NORM_PIXEL(push, isf_FragNormCoord).xy * amount / square;
    vec4 middle = IMG_NORM_PIXEL(inputImage, mirrored(isf_FragNormCoord - way));
    float red = IMG_NORM_PIXEL(inputImage, mirrored(isf_FragNormCoord - way * (1.0 - 0.5 * split))).r;
    float blue = IMG_NORM_PIXEL(inputImage, mirrored(isf_FragNormCoord - way * (1.0 + 0.5 * split))).b;
    gl_FragColor = vec4(red, middle.g, blue, middle.a);
}
