/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Colour grading in OKLab: lift, gamma, gain, saturation, a hard black and a film's soft shoulder.",
  "CATEGORIES": ["Colour"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "exposure", "LABEL": "Exposure, in stops", "TYPE": "float", "DEFAULT": 0, "MIN": -4, "MAX": 4 },
    { "NAME": "lift", "LABEL": "Lift", "TYPE": "float", "DEFAULT": 0, "MIN": -0.2, "MAX": 0.2 },
    { "NAME": "gamma", "LABEL": "Gamma", "TYPE": "float", "DEFAULT": 1, "MIN": 0.3, "MAX": 3 },
    { "NAME": "gain", "LABEL": "Gain", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 2 },
    { "NAME": "saturation", "LABEL": "Saturation", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 2 },
    { "NAME": "crush", "LABEL": "What is darker than this is black", "TYPE": "float", "DEFAULT": 0.05, "MIN": 0, "MAX": 0.6 },
    { "NAME": "shoulder", "LABEL": "Softness of the highlights", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1 },
    { "NAME": "cast", "LABEL": "Strength of the two tints", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "shadows", "LABEL": "Tint of the shadows", "TYPE": "color", "DEFAULT": [0.16, 0.3, 0.42, 1.0] },
    { "NAME": "highlights", "LABEL": "Tint of the highlights", "TYPE": "color", "DEFAULT": [1.0, 0.84, 0.66, 1.0] }
  ]
}*/

// OKLab: Ottosson 2020, "A perceptual color space for image processing".
vec3 to_oklab(vec3 c) {
    vec3 lms = mat3(0.4122214708, 0.2119034982, 0.0883024619,
                    0.5363325363, 0.6806995451, 0.2817188376,
                    0.0514459929, 0.1073969566, 0.6299787005) * c;
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
    return mat3(4.0767416621, -1.2684380046, -0.0041960863,
                -3.3077115913, 2.6097574011, -0.7034186147,
                0.2309699292, -0.3413193965, 1.7076147010) * lms;
}

// Direction of a tint in OKLab's plane, per lightness; straight from the code values, because this
// runs for every pixel.
vec2 direction(vec3 c) {
    return vec2(0.45 * (c.r - c.g) + 0.1 * (c.b - c.g), 0.3 * (c.r + c.g) * 0.5 + 0.05 * c.g - 0.35 * c.b)
         / max(dot(c, vec3(0.299, 0.587, 0.114)), 0.05);
}

// Squares stand in for the sRGB curve both ways: a grade does not hear the difference.
void main() {
    vec4 here = IMG_THIS_PIXEL(inputImage);
    vec3 lab = to_oklab(here.rgb * here.rgb * exp2(exposure));
    float l = max(lab.x - crush * (1.0 - min(lab.x, 1.0)), 0.0);
    l = pow(l, 1.0 / gamma) * gain;
    l += lift * (1.0 - min(l, 1.0)) * smoothstep(0.0, 0.08, l);      // lifts the dark, not the black
    float knee = 1.0 - 0.6 * shoulder;
    float over = max(l - knee, 0.0);
    float room = 1.0 - knee;
    l = min(l, knee) + (shoulder > 0.0 ? room * over / (over + room) : min(over, room));
    vec2 ab = lab.yz * saturation * l / max(lab.x, 1e-3);
    ab += 0.5 * cast * l * mix(direction(shadows.rgb), direction(highlights.rgb), smoothstep(0.1, 0.8, l));
    gl_FragColor = vec4(sqrt(clamp(from_oklab(vec3(l, ab)), 0.0, 1.0)), here.a);
}
