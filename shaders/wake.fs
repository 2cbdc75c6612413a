/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "What moves drags the paint behind it: the motion of the picture is measured and carries its own past along. Made for cameras, films and everything that dances.",
  "CATEGORIES": ["Memory"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "drag", "LABEL": "How far motion drags", "TYPE": "float", "DEFAULT": 2.5, "MIN": 0, "MAX": 8 },
    { "NAME": "spread", "LABEL": "How long motion lasts", "UNIT": "s", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0.03, "MAX": 5 },
    { "NAME": "renewal", "LABEL": "Half-life of the paint", "UNIT": "s", "TYPE": "float", "DEFAULT": 2, "MIN": 0.05, "MAX": 30 },
    { "NAME": "fresh", "LABEL": "How soon what moves is renewed", "TYPE": "float", "DEFAULT": 0.45, "MIN": 0, "MAX": 1 },
    { "NAME": "picture", "LABEL": "How much of the fresh picture shows", "TYPE": "float", "DEFAULT": 0.2, "MIN": 0, "MAX": 1 },
    { "NAME": "clear", "LABEL": "The paint is the picture again", "TYPE": "event" }
  ],
  "PASSES": [
    { "TARGET": "flow", "PERSISTENT": true, "FLOAT": true, "WIDTH": "72 * $WIDTH / $HEIGHT", "HEIGHT": "72" },
    { "TARGET": "before", "PERSISTENT": true, "FLOAT": true, "WIDTH": "144 * $WIDTH / $HEIGHT", "HEIGHT": "144" },
    { "TARGET": "paint", "PERSISTENT": true },
    {}
  ]
}*/

float luminance(vec3 c) { return dot(c, vec3(0.299, 0.587, 0.114)); }

float now_at(vec2 at) {
    vec2 d = 0.0035 * vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0);
    return 0.25 * luminance(IMG_NORM_PIXEL(inputImage, at + d).rgb + IMG_NORM_PIXEL(inputImage, at - d).rgb
                          + IMG_NORM_PIXEL(inputImage, at + vec2(d.x, -d.y)).rgb + IMG_NORM_PIXEL(inputImage, at + vec2(-d.x, d.y)).rgb);
}

// Lucas and Kanade 1981, over a window of nine: motion in picture heights per second.
vec2 measured() {
    vec2 e = vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0) / 110.0;
    float xx = 0.0;
    float xy = 0.0;
    float yy = 0.0;
    float xt = 0.0;
    float yt = 0.0;
    for (int k = 0; k < 9; k++) {
        vec2 at = isf_FragNormCoord + e * vec2(k % 3 - 1, k / 3 - 1);
        float then_ = IMG_NORM_PIXEL(before, at).r;
        float x = (IMG_NORM_PIXEL(before, at + vec2(e.x, 0.0)).r - IMG_NORM_PIXEL(before, at - vec2(e.x, 0.0)).r) * 55.0;
        float y = (IMG_NORM_PIXEL(before, at + vec2(0.0, e.y)).r - IMG_NORM_PIXEL(before, at - vec2(0.0, e.y)).r) * 55.0;
        float t = now_at(at) - then_;
        xx += x * x;
        xy += x * y;
        yy += y * y;
        xt += x * t;
        yt += y * t;
    }
    xx += 0.6;                                                           // where nothing is seen nothing moves
    yy += 0.6;
    vec2 moved = vec2(yt * xy - xt * yy, xt * xy - yt * xx) / max(xx * yy - xy * xy, 1e-4);
    return clamp(moved, vec2(-0.05), vec2(0.05)) / max(TIMEDELTA, 1e-3);
}

void main() {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    if (PASSINDEX == 0) {
        vec2 seen = TIMEDELTA > 0.0 ? measured() : vec2(0.0);
        vec2 old = IMG_THIS_PIXEL(flow).xy * exp2(-TIMEDELTA / spread);
        float stronger = smoothstep(0.0, 0.06, length(seen) - 0.6 * length(old));
        gl_FragColor = vec4(mix(old, seen, stronger * (1.0 - exp2(-TIMEDELTA / 0.03))), 0.0, 1.0);
    } else if (PASSINDEX == 1) {
        gl_FragColor = vec4(now_at(isf_FragNormCoord), 0.0, 0.0, 1.0);
    } else if (PASSINDEX == 2) {
        vec4 here = IMG_THIS_PIXEL(inputImage);
        vec2 moving = IMG_THIS_PIXEL(flow).xy;
        vec2 back = moving * drag * TIMEDELTA / square;
        vec3 old = IMG_NORM_PIXEL(paint, isf_FragNormCoord - back).rgb;
        float rate = 1.0 / renewal + fresh * fresh * 12.0 * smoothstep(0.02, 0.4, length(moving));
        float new = TIMEDELTA > 0.0 && !clear ? 1.0 - exp2(-TIMEDELTA * rate) : 1.0;
        gl_FragColor = vec4(mix(old, here.rgb, new), 1.0);
    } else {
        vec4 here = IMG_THIS_PIXEL(inputImage);
        vec3 wet = IMG_THIS_PIXEL(paint).rgb;
        gl_FragColor = vec4(clamp(mix(wet, here.rgb, picture), 0.0, 1.0), here.a);
    }
}
