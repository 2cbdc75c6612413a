/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Wet paint: colour runs along the picture's own contours and is slowly renewed.",
  "CATEGORIES": ["Memory"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "speed", "LABEL": "Speed, in picture heights per second", "TYPE": "float", "DEFAULT": 0.09, "MIN": 0, "MAX": 1 },
    { "NAME": "renewal", "LABEL": "Half-life of the paint", "UNIT": "s", "TYPE": "float", "DEFAULT": 1.2, "MIN": 0.05, "MAX": 20 },
    { "NAME": "downhill", "LABEL": "Along the contour or down the slope", "TYPE": "float", "DEFAULT": 0.15, "MIN": -1, "MAX": 1 },
    { "NAME": "detail", "LABEL": "How much of the fresh picture shows", "TYPE": "float", "DEFAULT": 0.15, "MIN": 0, "MAX": 1 }
  ],
  "PASSES": [
    { "TARGET": "paint", "PERSISTENT": true, "WIDTH": "max($WIDTH / 2, 1)", "HEIGHT": "max($HEIGHT / 2, 1)" },
    {}
  ]
}*/

const float STEP = 1.0 / 45.0;

float height(vec2 offset) {
    vec2 p = isf_FragNormCoord + offset * STEP * vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0);
    return dot(IMG_NORM_PIXEL(inputImage, p).rgb, vec3(0.299, 0.587, 0.114));
}

// Catmull-Rom in five taps, as in trails.fs.
vec3 sharp(sampler2D image, vec2 uv) {
    vec2 n = IMG_SIZE(image);
    vec2 at = uv * n;
    vec2 middle = floor(at - 0.5) + 0.5;
    vec2 f = at - middle;
    vec2 w0 = f * (-0.5 + f * (1.0 - 0.5 * f));
    vec2 w1 = 1.0 + f * f * (-2.5 + 1.5 * f);
    vec2 w2 = f * (0.5 + f * (2.0 - 1.5 * f));
    vec2 w3 = f * f * (-0.5 + 0.5 * f);
    vec2 w12 = w1 + w2;
    vec2 p0 = (middle - 1.0) / n;
    vec2 p3 = (middle + 2.0) / n;
    vec2 p12 = (middle + w2 / w12) / n;
    vec3 sum = texture(image, vec2(p12.x, p0.y)).rgb * (w12.x * w0.y)
             + texture(image, vec2(p0.x, p12.y)).rgb * (w0.x * w12.y)
             + texture(image, p12).rgb * (w12.x * w12.y)
             + texture(image, vec2(p3.x, p12.y)).rgb * (w3.x * w12.y)
             + texture(image, vec2(p12.x, p3.y)).rgb * (w12.x * w3.y);
    float weight = w12.x * (w0.y + w12.y + w3.y) + w12.y * (w0.x + w3.x);
    return clamp(sum / weight, 0.0, 1.0);
}

void main() {
    vec4 here = IMG_THIS_PIXEL(inputImage);
    if (PASSINDEX == 0) {
        vec2 slope = vec2(height(vec2(1.0, 0.0)) - height(vec2(-1.0, 0.0)),
                          height(vec2(0.0, 1.0)) - height(vec2(0.0, -1.0)));
        vec2 along = mix(vec2(-slope.y, slope.x), -sign(downhill) * slope, abs(downhill));
        along /= length(along) + 0.03;                     // still where the picture is flat
        vec2 back = along * speed * TIMEDELTA * vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0);
        vec3 old = sharp(paint, isf_FragNormCoord - back);
        float fresh = TIMEDELTA > 0.0 ? 1.0 - exp2(-TIMEDELTA / renewal) : 1.0;
        gl_FragColor = vec4(mix(old, here.rgb, fresh), 1.0);
    } else {
        vec3 wet = IMG_THIS_PIXEL(paint).rgb;
        gl_FragColor = vec4(max(mix(wet, here.rgb, detail) - 0.002, 0.0) / 0.998, here.a);
    }
}
