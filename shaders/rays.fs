/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Shafts of light from a point behind the picture: what is bright throws rays outwards, what is dark throws shade.",
  "CATEGORIES": ["Light"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "centre", "LABEL": "Where the light stands", "TYPE": "point2D", "DEFAULT": [0.5, 0.6], "MIN": [-0.5, -0.5], "MAX": [1.5, 1.5] },
    { "NAME": "reach", "LABEL": "How far the rays reach", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 0.95 },
    { "NAME": "amount", "LABEL": "Light of the rays", "TYPE": "float", "DEFAULT": 1.0, "MIN": 0, "MAX": 3 },
    { "NAME": "threshold", "LABEL": "What is brighter than this shines", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1 },
    { "NAME": "tint", "LABEL": "Colour of the light", "TYPE": "color", "DEFAULT": [1.0, 0.9, 0.75, 1.0] },
    { "NAME": "picture", "LABEL": "How much of the picture shows", "TYPE": "float", "DEFAULT": 0.8, "MIN": 0, "MAX": 1 }
  ],
  "PASSES": [
    { "TARGET": "short_", "WIDTH": "270 * $WIDTH / $HEIGHT", "HEIGHT": "270" },
    { "TARGET": "long_", "WIDTH": "270 * $WIDTH / $HEIGHT", "HEIGHT": "270" },
    {}
  ]
}*/

// Mitchell 2007, "Volumetric light scattering as a post-process", GPU Gems 3; here in two passes of
// seven samples: the second one smears what the first one smeared, as if there were 49. Each lies
// nearer to the light by the same share, so that the second begins where the first ends.
vec2 nearer(float steps) { return centre + (isf_FragNormCoord - centre) * pow(1.0 - reach, steps / 49.0); }

vec3 bright(vec2 at) {
    vec4 c = IMG_NORM_PIXEL(inputImage, at);
    vec3 lit = c.rgb * c.rgb * c.a;
    float top = max(lit.r, max(lit.g, lit.b));
    float level = threshold * threshold;
    return lit * smoothstep(0.5 * level, 0.5 * level + 0.25, top);
}

void main() {
    vec3 sum = vec3(0.0);
    if (PASSINDEX == 0) {
        float total = 0.0;
        for (int k = 0; k < 7; k++) {
            float w = exp2(-0.05 * float(k));                            // goes on where the long steps go on
            sum += w * bright(nearer(float(k)));
            total += w;
        }
        gl_FragColor = vec4(sum / total, 1.0);
    } else if (PASSINDEX == 1) {
        float total = 0.0;
        for (int k = 0; k < 7; k++) {
            float w = exp2(-0.35 * float(k));
            vec2 at = nearer(7.0 * float(k));
            vec2 inside = smoothstep(vec2(0.55), vec2(0.45), abs(at - 0.5));
            sum += w * inside.x * inside.y * IMG_NORM_PIXEL(short_, at).rgb;
            total += w;
        }
        gl_FragColor = vec4(sum / total, 1.0);
    } else {
        vec4 here = IMG_THIS_PIXEL(inputImage);
        vec3 shafts = amount * 1.6 * IMG_THIS_PIXEL(long_).rgb * tint.rgb * tint.rgb;
        vec3 lit = here.rgb * here.rgb * picture + shafts;
        lit = lit / (1.0 + max(lit - 0.7, 0.0));                         // a shoulder, not a ceiling
        gl_FragColor = vec4(sqrt(lit), max(here.a, min(2.0 * max(shafts.r, max(shafts.g, shafts.b)), 1.0)));
    }
}
