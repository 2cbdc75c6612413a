/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "A dome master: a flat picture, a band all around, or an equirectangular panorama becomes the round fisheye picture that planetariums play (equidistant).",
  "CATEGORIES": ["Dome"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "source", "LABEL": "What comes in", "TYPE": "long", "DEFAULT": 0, "VALUES": [0, 1, 2], "LABELS": ["A flat picture", "A band all around", "Equirectangular"] },
    { "NAME": "aperture", "LABEL": "Aperture, in degrees", "TYPE": "float", "DEFAULT": 180, "MIN": 120, "MAX": 240 },
    { "NAME": "height", "LABEL": "Height of the picture's middle above the horizon, in degrees", "TYPE": "float", "DEFAULT": 38, "MIN": 0, "MAX": 90 },
    { "NAME": "width", "LABEL": "Width of the flat picture, in degrees", "TYPE": "float", "DEFAULT": 140, "MIN": 20, "MAX": 170 },
    { "NAME": "turn", "LABEL": "Turns the dome, in turns", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "tilt", "LABEL": "Tilt of the dome, in degrees", "TYPE": "float", "DEFAULT": 0, "MIN": -45, "MAX": 45 },
    { "NAME": "turning", "LABEL": "Turns per hour", "TYPE": "long", "DEFAULT": 0, "MIN": -600, "MAX": 600 },
    { "NAME": "whole", "LABEL": "Round, or the whole frame filled", "TYPE": "bool", "DEFAULT": true }
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

void main() {
    vec2 p = 2.0 * (isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float r = length(p);
    float theta = radians(0.5 * aperture) * r;                           // from the zenith: equidistant
    vec2 way = r > 1e-5 ? p / r : vec2(0.0, -1.0);
    // The bottom of the master is what the audience looks at.
    vec3 d = vec3(sin(theta) * way.x, cos(theta), -sin(theta) * way.y);
    d = turned(d, tilt / 360.0, 0);
    d = turned(d, -(turn + TIME * float(turning) / 3600.0), 1);
    float shown = 1.0;
    vec2 at;
    if (source == 0) {
        vec3 q = turned(d, height / 360.0, 0);
        float half_ = tan(radians(0.5 * min(width, 170.0)));
        vec2 flat_ = q.xy / max(q.z, 1e-4) / half_;
        at = 0.5 + 0.5 * vec2(flat_.x, flat_.y * IMG_SIZE(inputImage).x / IMG_SIZE(inputImage).y);
        vec2 edge = smoothstep(vec2(0.5), vec2(0.49), abs(at - 0.5));
        shown = edge.x * edge.y * step(0.0, q.z);
    } else if (source == 1) {
        float round_ = atan(d.x, d.z + 1e-9) / TURN + 0.5;
        float up = degrees(asin(clamp(d.y, -1.0, 1.0)));
        at = vec2(1.0 - abs(1.0 - 2.0 * round_), up / 90.0);             // there and mirrored back: no seam
        shown = smoothstep(-2.0, 0.0, up);
    } else {
        at = equirect(d);
    }
    float pixel = 2.0 / RENDERSIZE.y;
    float disc = whole ? smoothstep(1.0 + pixel, 1.0 - pixel, r) : 1.0;
    vec4 c = IMG_NORM_PIXEL(inputImage, clamp(at, 0.0, 1.0));
    gl_FragColor = vec4(c.rgb * disc, mix(1.0, c.a * shown, disc));
}
