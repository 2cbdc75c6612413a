/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Turns every colour around the wheel at the same lightness, by hand or by itself, and makes colours stronger, weaker or the opposite.",
  "CATEGORIES": ["Colour"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "turn", "LABEL": "Turn of the colours, in turns", "TYPE": "float", "DEFAULT": 0.33, "MIN": 0, "MAX": 1 },
    { "NAME": "turning", "LABEL": "Turns per hour", "TYPE": "long", "DEFAULT": 0, "MIN": -1800, "MAX": 1800 },
    { "NAME": "spread", "LABEL": "Dark and bright turn differently, in turns", "TYPE": "float", "DEFAULT": 0, "MIN": -1, "MAX": 1 },
    { "NAME": "saturation", "LABEL": "Saturation", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 3 },
    { "NAME": "vibrance", "LABEL": "More of it where there is little", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "invert", "LABEL": "Inverts the lightness, colours stay", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 }
  ]
}*/

// OKLab: Ottosson 2020, "A perceptual color space for image processing"; squares stand in for the
// sRGB curve both ways.
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

void main() {
    vec4 here = IMG_THIS_PIXEL(inputImage);
    vec3 lab = to_oklab(here.rgb * here.rgb);
    float l = mix(lab.x, 1.0 - min(lab.x, 1.0), invert);
    float a = 6.2831853 * (turn + TIME * float(turning) / 3600.0 + spread * (lab.x - 0.5));
    vec2 ab = mat2(cos(a), sin(a), -sin(a), cos(a)) * lab.yz;
    float chroma = length(ab);
    ab *= saturation * (1.0 + vibrance * 2.0 * exp(-12.0 * chroma));
    ab *= mix(1.0, smoothstep(0.0, 0.25, l) * smoothstep(1.05, 0.8, l), invert);
    gl_FragColor = vec4(sqrt(clamp(from_oklab(vec3(l, ab)), 0.0, 1.0)), here.a);
}
