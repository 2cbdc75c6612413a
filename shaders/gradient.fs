/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "A plain gradient between three colours, mixed as the eye sees them: straight, round, around a point or from corner to corner. A ground for other layers, a light for a room.",
  "CATEGORIES": ["Generator", "Ground"],
  "INPUTS": [
    { "NAME": "shape", "LABEL": "Shape", "TYPE": "long", "DEFAULT": 0, "VALUES": [0, 1, 2, 3], "LABELS": ["Straight", "Round", "Around a point", "Diamond"] },
    { "NAME": "angle", "LABEL": "Direction, in turns", "TYPE": "float", "DEFAULT": 0.12, "MIN": 0, "MAX": 1 },
    { "NAME": "turning", "LABEL": "Turns per hour", "TYPE": "long", "DEFAULT": 20, "MIN": -600, "MAX": 600 },
    { "NAME": "size", "LABEL": "Size, in picture heights", "TYPE": "float", "DEFAULT": 1.2, "MIN": 0.1, "MAX": 4 },
    { "NAME": "centre", "LABEL": "Centre", "TYPE": "point2D", "DEFAULT": [0.5, 0.5], "MIN": [0, 0], "MAX": [1, 1] },
    { "NAME": "repeats", "LABEL": "How often it repeats, there and back", "TYPE": "long", "DEFAULT": 1, "MIN": 1, "MAX": 12 },
    { "NAME": "shift", "LABEL": "Moves the colours, in gradients", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "pace", "LABEL": "Gradients travelled per hour", "TYPE": "long", "DEFAULT": 0, "MIN": -1800, "MAX": 1800 },
    { "NAME": "one", "LABEL": "First colour", "TYPE": "color", "DEFAULT": [0.03, 0.04, 0.2, 1.0] },
    { "NAME": "two", "LABEL": "Second colour", "TYPE": "color", "DEFAULT": [0.85, 0.2, 0.4, 1.0] },
    { "NAME": "three", "LABEL": "Third colour", "TYPE": "color", "DEFAULT": [1.0, 0.8, 0.4, 1.0] }
  ]
}*/

const float TURN = 6.2831853;

// OKLab: Ottosson 2020, "A perceptual color space for image processing"; squares stand in for the
// sRGB curve both ways.
vec3 to_oklab(vec3 c) {
    vec3 lms = mat3(0.4122214708, 0.2119034982, 0.0883024619,
                    0.5363325363, 0.6806995451, 0.2817188376,
                    0.0514459929, 0.1073969566, 0.6299787005) * (c * c);
    lms = pow(max(lms, 0.0), vec3(1.0 / 3.0));
    return mat3(0.2104542553, 1.9779984951, 0.0259040371,
                0.7936177850, -2.4285922050, 0.7827717662,
                -0.0040720468, 0.4505937099, -0.8086757660) * lms;
}

vec3 from_oklab(vec3 lab) {
    vec3 lms = mat3(1.0, 1.0, 1.0,
                    0.3963377774, -0.1055613458, -0.0894841775,
                    0.2158037573, -0.0638541728, -1.2914855480) * lab;
    lms = lms * lms * lms;
    vec3 c = mat3(4.0767416621, -1.2684380046, -0.0041960863,
                  -3.3077115913, 2.6097574011, -0.7034186147,
                  0.2309699292, -0.3413193965, 1.7076147010) * lms;
    return sqrt(clamp(c, 0.0, 1.0));
}

void main() {
    vec2 p = (isf_FragNormCoord - centre) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float turns = angle + TIME * float(turning) / 3600.0;
    float a = TURN * turns;
    p = mat2(cos(a), -sin(a), sin(a), cos(a)) * p;
    float v = p.x / size + 0.5;
    if (shape == 1) {
        v = length(p) / size * 1.4;
    } else if (shape == 2) {
        v = 2.0 * abs(atan(p.y, p.x + 1e-9)) / TURN;                     // there and back: no seam
    } else if (shape == 3) {
        v = (abs(p.x) + abs(p.y)) / size * 1.2;
    }
    float along = v * float(repeats) + 2.0 * (shift + TIME * float(pace) / 3600.0);
    bool still = repeats == 1 && shift == 0.0 && pace == 0;
    v = still ? clamp(v, 0.0, 1.0) : 1.0 - abs(1.0 - mod(along, 2.0));
    vec3 first = to_oklab(one.rgb);
    vec3 second = to_oklab(two.rgb);
    vec3 third = to_oklab(three.rgb);
    vec3 lab = mix(mix(first, second, smoothstep(0.0, 0.55, v)), third, smoothstep(0.45, 1.0, v));
    gl_FragColor = vec4(from_oklab(lab), 1.0);
}
