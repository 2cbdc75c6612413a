/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "For panoramas of 360 degrees: turns them, looks out of them, or folds them into a little planet; a flat picture can be made into one without a seam.",
  "CATEGORIES": ["Dome"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "result", "LABEL": "What comes out", "TYPE": "long", "DEFAULT": 1, "VALUES": [0, 1, 2, 3], "LABELS": ["Equirectangular", "A little planet", "A view", "A tunnel to the sky"] },
    { "NAME": "seamless", "LABEL": "Close the seam of a flat picture", "TYPE": "bool", "DEFAULT": true },
    { "NAME": "yaw", "LABEL": "Turn, in turns", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "pitch", "LABEL": "Tilt, in turns", "TYPE": "float", "DEFAULT": 0, "MIN": -0.25, "MAX": 0.25 },
    { "NAME": "roll", "LABEL": "Roll, in turns", "TYPE": "float", "DEFAULT": 0, "MIN": -0.5, "MAX": 0.5 },
    { "NAME": "width", "LABEL": "Width of the view, in degrees", "TYPE": "float", "DEFAULT": 100, "MIN": 30, "MAX": 150 },
    { "NAME": "turning", "LABEL": "Turns per hour", "TYPE": "long", "DEFAULT": 30, "MIN": -600, "MAX": 600 }
  ]
}*/

const float TURN = 6.2831853;

vec3 turned(vec3 d, float turns, int axis) {
    float a = TURN * turns;
    float c = cos(a);
    float s = sin(a);
    if (axis == 0) {
        return vec3(d.x, c * d.y - s * d.z, s * d.y + c * d.z);
    }
    if (axis == 1) {
        return vec3(c * d.x + s * d.z, d.y, c * d.z - s * d.x);
    }
    return vec3(c * d.x - s * d.y, s * d.x + c * d.y, d.z);
}

// Where a direction lies in an equirectangular picture; x right, y up, z ahead.
vec2 equirect(vec3 d) {
    return vec2(0.5 + atan(d.x, d.z + 1e-9) / TURN, 0.5 + asin(clamp(d.y, -1.0, 1.0)) / (0.5 * TURN));
}

// A flat picture's last fifth dissolves into its first, and its poles are one colour each.
vec4 seen(vec2 at) {
    at.x = fract(at.x);
    if (!seamless) {
        return IMG_NORM_PIXEL(inputImage, at);
    }
    float x = at.x * 0.8;
    vec4 a = IMG_NORM_PIXEL(inputImage, vec2(x + 0.2, at.y));
    vec4 b = IMG_NORM_PIXEL(inputImage, vec2(x - 0.6, at.y));
    vec4 c = mix(a, b, smoothstep(0.6, 0.8, x));
    float pole = smoothstep(0.16, 0.0, min(at.y, 1.0 - at.y));
    if (pole > 0.0) {
        float y = at.y < 0.5 ? 0.04 : 0.96;
        vec4 mean = 0.25 * (IMG_NORM_PIXEL(inputImage, vec2(0.2, y)) + IMG_NORM_PIXEL(inputImage, vec2(0.4, y)) + IMG_NORM_PIXEL(inputImage, vec2(0.6, y)) + IMG_NORM_PIXEL(inputImage, vec2(0.8, y)));
        c = mix(c, mean, pole);
    }
    return c;
}

void main() {
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 p = 2.0 * (isf_FragNormCoord - 0.5);
    float half_ = tan(radians(0.5 * width));
    vec3 d;
    if (result == 0) {
        float up = 0.25 * TURN * p.y;
        d = vec3(sin(0.5 * TURN * p.x) * cos(up), sin(up), cos(0.5 * TURN * p.x) * cos(up));
    } else if (result == 2) {
        d = normalize(vec3(p.x * half_, p.y * half_ / square.x, 1.0));
    } else {                                                             // stereographic, from below or from above
        vec2 q = p * square * half_ * 0.9;
        float k = dot(q, q);
        d = vec3(2.0 * q.x, (result == 1 ? 1.0 : -1.0) * (k - 1.0), 2.0 * q.y) / (1.0 + k);
    }
    d = turned(d, roll, 2);
    d = turned(d, -pitch, 0);
    d = turned(d, yaw + TIME * float(turning) / 3600.0, 1);
    gl_FragColor = seen(equirect(d));
}
