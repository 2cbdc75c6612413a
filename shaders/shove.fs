/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Each picture pushes the other out of shape: the slopes of the second bend the first away, those of the first let the second settle.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    { "NAME": "startImage", "TYPE": "image" },
    { "NAME": "endImage", "TYPE": "image" },
    { "NAME": "progress", "LABEL": "From the first picture to the second", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "amount", "LABEL": "How far, in picture heights", "TYPE": "float", "DEFAULT": 0.3, "MIN": 0, "MAX": 1 },
    { "NAME": "size", "LABEL": "Size of the slopes, in hundredths of the height", "TYPE": "float", "DEFAULT": 2, "MIN": 0.3, "MAX": 8 },
    { "NAME": "split", "LABEL": "How far the colours part", "TYPE": "float", "DEFAULT": 0.3, "MIN": 0, "MAX": 1 }
  ],
  "PASSES": [
    { "TARGET": "slopes", "FLOAT": true, "WIDTH": "180 * $WIDTH / $HEIGHT", "HEIGHT": "180" },
    {}
  ]
}*/

vec4 blend(vec4 a, vec4 b, float t) {
    float alpha = mix(a.a, b.a, t);
    vec3 lit = mix(a.rgb * a.rgb * a.a, b.rgb * b.rgb * b.a, t) / max(alpha, 1e-4);
    return vec4(sqrt(lit), alpha);
}

vec2 mirrored(vec2 at) { return 1.0 - abs(1.0 - mod(at, 2.0)); }

float light(sampler2D image, vec2 at) { return dot(IMG_NORM_PIXEL(image, at).rgb, vec3(0.299, 0.587, 0.114)); }

vec2 slope(sampler2D image) {
    vec2 d = 0.01 * size * vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0);
    float a = light(image, isf_FragNormCoord + d);
    float b = light(image, isf_FragNormCoord - d);
    float c = light(image, isf_FragNormCoord + vec2(d.x, -d.y));
    float e = light(image, isf_FragNormCoord + vec2(-d.x, d.y));
    return vec2(a - b + c - e, a - b - c + e) * 0.5;
}

vec4 seen(sampler2D image, vec2 way) {
    vec4 c = IMG_NORM_PIXEL(image, mirrored(isf_FragNormCoord + way));
    float red = IMG_NORM_PIXEL(image, mirrored(isf_FragNormCoord + way * (1.0 - 0.5 * split))).r;
    float blue = IMG_NORM_PIXEL(image, mirrored(isf_FragNormCoord + way * (1.0 + 0.5 * split))).b;
    return vec4(red, c.g, blue, c.a);
}

void main() {
    if (PASSINDEX == 0) {
        gl_FragColor = vec4(slope(endImage), slope(startImage));
        return;
    }
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec4 ways = IMG_NORM_PIXEL(slopes, isf_FragNormCoord);
    vec4 a = seen(startImage, ways.xy * amount * progress / square);
    vec4 b = seen(endImage, ways.zw * amount * (1.0 - progress) / square);
    gl_FragColor = blend(a, b, smoothstep(0.15, 0.85, progress));
}
