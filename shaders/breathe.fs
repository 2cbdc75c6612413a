/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "One form in true black: a soft pool of exposure that breathes, with a faint glow around what is bright.",
  "CATEGORIES": ["Light"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "centre", "LABEL": "Where the pool lies", "TYPE": "point2D", "DEFAULT": [0.5, 0.5], "MIN": [0, 0], "MAX": [1, 1] },
    { "NAME": "radius", "LABEL": "Radius, in picture heights", "TYPE": "float", "DEFAULT": 0.42, "MIN": 0.02, "MAX": 1.5 },
    { "NAME": "softness", "LABEL": "Softness of the edge", "TYPE": "float", "DEFAULT": 0.8, "MIN": 0.02, "MAX": 1 },
    { "NAME": "exposure", "LABEL": "Exposure, in stops", "TYPE": "float", "DEFAULT": 0, "MIN": -4, "MAX": 4 },
    { "NAME": "depth", "LABEL": "Depth of the breath", "TYPE": "float", "DEFAULT": 0.12, "MIN": 0, "MAX": 1 },
    { "NAME": "breaths", "LABEL": "Breaths per hour", "TYPE": "long", "DEFAULT": 400, "MIN": 0, "MAX": 1800 },
    { "NAME": "ground", "LABEL": "What is darker than this is black", "TYPE": "float", "DEFAULT": 0.06, "MIN": 0, "MAX": 0.5 },
    { "NAME": "glow", "LABEL": "Glow", "TYPE": "float", "DEFAULT": 0.3, "MIN": 0, "MAX": 1 }
  ],
  "PASSES": [
    { "TARGET": "across", "WIDTH": "max($WIDTH / 4, 1)", "HEIGHT": "max($HEIGHT / 4, 1)" },
    { "TARGET": "halo", "WIDTH": "max($WIDTH / 4, 1)", "HEIGHT": "max($HEIGHT / 4, 1)" },
    {}
  ]
}*/

// In, hold, out, rest: no sine breathes.
float breath(float t) {
    float rise = smoothstep(0.0, 0.38, t);
    float fall = smoothstep(0.46, 0.92, t);
    return rise - fall;
}

vec3 expose(vec3 c, vec2 uv) {
    vec2 away = (uv - centre) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float now = breath(fract(TIME * float(breaths) / 3600.0));
    float reach = radius * (1.0 + depth * (now - 0.5));
    float pool = 1.0 - smoothstep(reach * (1.0 - softness), reach * (1.0 + 0.5 * softness), length(away));
    c = max(c - ground, 0.0) / (1.0 - ground);
    vec3 lit = c * c * exp2(exposure + depth * 2.0 * (now - 0.5)) * pool * pool;
    return lit;
}

vec3 blur(sampler2D image, vec2 direction) {
    vec2 one = direction * 0.011;
    vec3 sum = IMG_NORM_PIXEL(image, isf_FragNormCoord).rgb * 0.2;
    for (int i = 1; i <= 4; i++) {
        float w = 0.2 * exp(-float(i * i) * 0.12);
        sum += w * (IMG_NORM_PIXEL(image, isf_FragNormCoord + one * float(i)).rgb
                  + IMG_NORM_PIXEL(image, isf_FragNormCoord - one * float(i)).rgb);
    }
    return sum / 1.1;
}

void main() {
    if (PASSINDEX == 0) {
        vec3 wide = blur(inputImage, vec2(RENDERSIZE.y / RENDERSIZE.x, 0.0));
        gl_FragColor = vec4(expose(wide, isf_FragNormCoord), 1.0);
    } else if (PASSINDEX == 1) {
        gl_FragColor = vec4(blur(across, vec2(0.0, 1.0)), 1.0);
    } else {
        vec4 here = IMG_THIS_PIXEL(inputImage);
        vec3 lit = expose(here.rgb, isf_FragNormCoord);
        vec3 around = IMG_THIS_PIXEL(halo).rgb;
        lit += around * glow * (0.35 + around);
        lit = lit / (1.0 + max(lit - 0.6, 0.0));        // a shoulder, not a ceiling
        gl_FragColor = vec4(sqrt(lit), here.a);
    }
}
