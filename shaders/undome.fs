/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "A dome master back to a flat view, as one sees it from a seat, or to an equirectangular panorama.",
  "CATEGORIES": ["Dome"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "result", "LABEL": "What comes out", "TYPE": "long", "DEFAULT": 0, "VALUES": [0, 1], "LABELS": ["A view", "Equirectangular"] },
    { "NAME": "aperture", "LABEL": "Aperture of the master, in degrees", "TYPE": "float", "DEFAULT": 180, "MIN": 120, "MAX": 240 },
    { "NAME": "height", "LABEL": "Height of the view above the horizon, in degrees", "TYPE": "float", "DEFAULT": 40, "MIN": -20, "MAX": 90 },
    { "NAME": "turn", "LABEL": "Direction of the view, in turns", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "width", "LABEL": "Width of the view, in degrees", "TYPE": "float", "DEFAULT": 90, "MIN": 20, "MAX": 150 },
    { "NAME": "turning", "LABEL": "Turns of the view per hour", "TYPE": "long", "DEFAULT": 0, "MIN": -600, "MAX": 600 }
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
    vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 p = 2.0 * (isf_FragNormCoord - 0.5);
    float now = turn + TIME * float(turning) / 3600.0;
    vec3 d;
    if (result == 0) {
        float half_ = tan(radians(0.5 * width));
        d = normalize(vec3(p.x * half_, p.y * half_ / square.x, 1.0));
        d = turned(d, -height / 360.0, 0);
    } else {
        float up = 0.25 * TURN * p.y;
        d = vec3(sin(0.5 * TURN * p.x) * cos(up), sin(up), cos(0.5 * TURN * p.x) * cos(up));
    }
    d = turned(d, now, 1);
    float theta = acos(clamp(d.y, -1.0, 1.0));
    float r = theta / radians(0.5 * aperture);
    vec2 way = d.xz / max(length(d.xz), 1e-5);
    vec2 size = IMG_SIZE(inputImage);
    vec2 at = 0.5 + 0.5 * r * vec2(way.x, -way.y) * vec2(size.y / size.x, 1.0);
    float shown = smoothstep(1.0, 0.985, r);
    vec4 c = IMG_NORM_PIXEL(inputImage, clamp(at, 0.0, 1.0));
    gl_FragColor = vec4(c.rgb, c.a * shown);
}
