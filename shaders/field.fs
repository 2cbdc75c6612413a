/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "A slow field of three colours that melt into each other in OKLab, out of black.",
  "CATEGORIES": ["Ground"],
  "INPUTS": [
    { "NAME": "deep", "LABEL": "First colour", "TYPE": "color", "DEFAULT": [0.03, 0.07, 0.3, 1.0] },
    { "NAME": "middle", "LABEL": "Second colour", "TYPE": "color", "DEFAULT": [0.5, 0.13, 0.4, 1.0] },
    { "NAME": "bright", "LABEL": "Third colour", "TYPE": "color", "DEFAULT": [1.0, 0.62, 0.32, 1.0] },
    { "NAME": "size", "LABEL": "Size of the forms", "TYPE": "float", "DEFAULT": 0.7, "MIN": 0.2, "MAX": 4 },
    { "NAME": "pace", "LABEL": "Pace", "TYPE": "long", "DEFAULT": 6, "MIN": 0, "MAX": 20 },
    { "NAME": "balance", "LABEL": "Dark or bright", "TYPE": "float", "DEFAULT": 0.42, "MIN": 0, "MAX": 1 },
    { "NAME": "black", "LABEL": "How much of it sinks into black", "TYPE": "float", "DEFAULT": 0.25, "MIN": 0, "MAX": 1 }
  ],
  "PASSES": [
    { "TARGET": "soft", "WIDTH": "144 * $WIDTH / $HEIGHT", "HEIGHT": "144" },
    {}
  ]
}*/

vec3 to_oklab(vec3 c) {
    c = pow(c, vec3(2.2));
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
    vec3 c = mat3(4.0767416621, -1.2684380046, -0.0041960863,
                  -3.3077115913, 2.6097574011, -0.7034186147,
                  0.2309699292, -0.3413193965, 1.7076147010) * lms;
    return pow(clamp(c, 0.0, 1.0), vec3(1.0 / 2.2));
}

// A wave with a whole number of cycles per hour.
float wave(vec2 p, vec2 direction, float cycles, float shift) {
    return sin(dot(p, direction) / size + 6.2831853 * (cycles * (TIME * float(pace) / 3600.0) + shift));
}

// Nothing of it is sharp: it is drawn small.
void main() {
    if (PASSINDEX == 1) {
        gl_FragColor = IMG_NORM_PIXEL(soft, isf_FragNormCoord);
        return;
    }
    vec2 p = (isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    p += 0.35 * size * vec2(wave(p, vec2(0.7, 2.3), 23.0, 0.1), wave(p, vec2(-1.9, 1.1), 17.0, 0.6));
    p += 0.2 * size * vec2(wave(p, vec2(2.9, -1.7), 31.0, 0.4), wave(p, vec2(1.3, 3.1), 37.0, 0.9));
    float v = 0.5 + 0.3 * wave(p, vec2(1.1, 1.9), 13.0, 0.2) + 0.2 * wave(p, vec2(-2.3, 0.9), 29.0, 0.7);
    v = clamp(v + (balance - 0.5) * 0.8, 0.0, 1.0);
    vec3 a = to_oklab(deep.rgb);
    vec3 b = to_oklab(middle.rgb);
    vec3 c = to_oklab(bright.rgb);
    vec3 lab = mix(mix(a, b, smoothstep(0.0, 0.55, v)), c, smoothstep(0.5, 1.0, v));
    lab *= smoothstep(0.0, 0.9 * black + 1e-4, v);
    gl_FragColor = vec4(from_oklab(lab), 1.0);
}
