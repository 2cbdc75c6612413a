/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Each picture pushes the other out of shape: the slopes of the second bend the first away, those of the first let the second settle.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    { "NAME": "startImage", "TYPE": "image" },
    { "NAME": "endImage", "TYPE": "image" },
    { "NAME": "progress", "LABEL": "From the first picture to the second", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "amount", "LABEL": "How far, in picture heights", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 1 },
    { "NAME": "size", "LABEL": "Size of the slopes, in hundredths of the height", "TYPE": "float", "DEFAULT": 3, "MIN": 0.3, "MAX": 8 },
    { "NAME": "split", "LABEL": "How far the colours part", "TYPE": "float", "DEFAULT": 0.3, "MIN": 0, "MAX": 1 }
  ],
  "PASSES": [
    { "TARGET": "small", "WIDTH": "160 * $WIDTH / $HEIGHT", "HEIGHT": "160" },
    { "TARGET": "across", "FLOAT": true, "WIDTH": "160 * $WIDTH / $HEIGHT", "HEIGHT": "160" },
    { "TARGET": "slopes", "FLOAT": true, "WIDTH": "160 * $WIDTH / $HEIGHT", "HEIGHT": "160" },
    {}
  ]
}*/

vec4 blend(vec4 a, vec4 b, float t) {
    float alpha = mix(a.a, b.a, t);
    vec3 lit = mix(a.rgb * a.rgb * a.a, b.rgb * b.rgb * b.a, t) / max(alpha, 1e-4);
    return vec4(sqrt(lit), alpha);
}

vec2 mirrored(vec2 at) { return 1.0 - abs(1.0 - mod(at, 2.0)); }

// Light of the second picture, and of the first.
vec2 lights(vec2 offset) {
    vec2 at = isf_FragNormCoord + offset;
    vec3 grey = vec3(0.299, 0.587, 0.114);
    return vec2(dot(IMG_NORM_PIXEL(endImage, at).rgb, grey), dot(IMG_NORM_PIXEL(startImage, at).rgb, grey));
}

// Derivatives of a Gaussian, as in displace.fs: x, z smoothed, y, w the slope.
vec4 smoothed(sampler2D image, vec2 direction, bool is_second) {
    vec2 step_ = direction * 0.005 * size;
    vec4 level = vec4(0.0);
    vec4 slope = vec4(0.0);
    float total = 0.0;
    float norm = 0.0;
    for (int k = -4; k <= 4; k++) {
        float w = exp(-float(k * k) / 8.0);
        vec4 v = IMG_NORM_PIXEL(image, isf_FragNormCoord + step_ * float(k));
        level += w * v;
        slope += w * float(k) * v;
        total += w;
        norm += w * float(k * k);
    }
    level /= total;
    slope *= 4.0 / norm;
    return is_second ? vec4(level.y, slope.x, level.w, slope.z) : vec4(level.x, slope.x, level.y, slope.y);
}

vec4 seen(sampler2D image, vec2 way) {
    vec4 c = IMG_NORM_PIXEL(image, mirrored(isf_FragNormCoord + way));
    float red = IMG_NORM_PIXEL(image, mirrored(isf_FragNormCoord + way * (1.0 - 0.5 * split))).r;
    float blue = IMG_NORM_PIXEL(image, mirrored(isf_FragNormCoord + way * (1.0 + 0.5 * split))).b;
    return vec4(red, c.g, blue, c.a);
}

void main() {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    if (PASSINDEX == 0) {
        vec2 d = 0.25 / RENDERSIZE;
        vec2 e = vec2(d.x, -d.y);
        gl_FragColor = vec4(0.25 * (lights(d) + lights(-d) + lights(e) + lights(-e)), 0.0, 1.0);
    } else if (PASSINDEX == 1) {
        gl_FragColor = smoothed(small, vec2(1.0 / square.x, 0.0), false);
    } else if (PASSINDEX == 2) {
        gl_FragColor = smoothed(across, vec2(0.0, 1.0), true);
    } else {
        vec4 ways = IMG_NORM_PIXEL(slopes, isf_FragNormCoord);
        vec4 a = seen(startImage, ways.xy * amount * progress / square);
        vec4 b = seen(endImage, ways.zw * amount * (1.0 - progress) / square);
        gl_FragColor = blend(a, b, smoothstep(0.15, 0.85, progress));
    }
}
