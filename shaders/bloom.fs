/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Bloom as in a lens: what is bright shines over its surroundings, near and far at once. Wide for the price of a small blur.",
  "CATEGORIES": ["Light"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "amount", "LABEL": "How much it shines", "TYPE": "float", "DEFAULT": 0.9, "MIN": 0, "MAX": 3 },
    { "NAME": "threshold", "LABEL": "What is brighter than this shines", "TYPE": "float", "DEFAULT": 0.35, "MIN": 0, "MAX": 1 },
    { "NAME": "spread", "LABEL": "Near or far", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 1 },
    { "NAME": "tint", "LABEL": "Colour of the light", "TYPE": "color", "DEFAULT": [1.0, 0.96, 0.9, 1.0] },
    { "NAME": "picture", "LABEL": "How much of the picture shows", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 1 }
  ],
  "PASSES": [
    { "TARGET": "one", "WIDTH": "320 * $WIDTH / $HEIGHT", "HEIGHT": "320" },
    { "TARGET": "two", "WIDTH": "160 * $WIDTH / $HEIGHT", "HEIGHT": "160" },
    { "TARGET": "three", "WIDTH": "80 * $WIDTH / $HEIGHT", "HEIGHT": "80" },
    { "TARGET": "four", "WIDTH": "40 * $WIDTH / $HEIGHT", "HEIGHT": "40" },
    { "TARGET": "five", "WIDTH": "20 * $WIDTH / $HEIGHT", "HEIGHT": "20" },
    { "TARGET": "far", "WIDTH": "80 * $WIDTH / $HEIGHT", "HEIGHT": "80" },
    { "TARGET": "halo", "WIDTH": "240 * $WIDTH / $HEIGHT", "HEIGHT": "240" },
    {}
  ]
}*/

// Halved and halved again, five taps down and eight up (Bjorge 2015, "Bandwidth-efficient
// rendering"). The sizes are fixed, so that the light reaches equally far at every resolution.
vec3 down(sampler2D image) {
    vec2 d = 1.0 / IMG_SIZE(image);
    vec3 sum = 4.0 * IMG_THIS_PIXEL(image).rgb;
    sum += IMG_NORM_PIXEL(image, isf_FragNormCoord + d).rgb + IMG_NORM_PIXEL(image, isf_FragNormCoord - d).rgb;
    sum += IMG_NORM_PIXEL(image, isf_FragNormCoord + vec2(d.x, -d.y)).rgb + IMG_NORM_PIXEL(image, isf_FragNormCoord + vec2(-d.x, d.y)).rgb;
    return sum / 8.0;
}

vec3 up(sampler2D image) {
    vec2 d = 0.5 / IMG_SIZE(image);
    vec2 at = isf_FragNormCoord;
    vec3 sum = IMG_NORM_PIXEL(image, at + vec2(2.0 * d.x, 0.0)).rgb + IMG_NORM_PIXEL(image, at - vec2(2.0 * d.x, 0.0)).rgb
             + IMG_NORM_PIXEL(image, at + vec2(0.0, 2.0 * d.y)).rgb + IMG_NORM_PIXEL(image, at - vec2(0.0, 2.0 * d.y)).rgb;
    sum += 2.0 * (IMG_NORM_PIXEL(image, at + d).rgb + IMG_NORM_PIXEL(image, at - d).rgb
                + IMG_NORM_PIXEL(image, at + vec2(d.x, -d.y)).rgb + IMG_NORM_PIXEL(image, at + vec2(-d.x, d.y)).rgb);
    return sum / 12.0;
}

vec3 bright(vec2 offset) {
    vec4 c = IMG_NORM_PIXEL(inputImage, isf_FragNormCoord + offset);
    vec3 lit = c.rgb * c.rgb * c.a;
    float top = max(lit.r, max(lit.g, lit.b));
    float level = threshold * threshold;
    return lit * (max(top - level, 0.0) / max(top, 1e-4)) / max(1.0 - level, 0.1);
}

void main() {
    if (PASSINDEX == 0) {
        vec2 d = 0.4 / vec2(320.0 * RENDERSIZE.x / RENDERSIZE.y, 320.0);
        gl_FragColor = vec4(0.25 * (bright(d) + bright(-d) + bright(vec2(d.x, -d.y)) + bright(vec2(-d.x, d.y))), 1.0);
    } else if (PASSINDEX == 1) {
        gl_FragColor = vec4(down(one), 1.0);
    } else if (PASSINDEX == 2) {
        gl_FragColor = vec4(down(two), 1.0);
    } else if (PASSINDEX == 3) {
        gl_FragColor = vec4(down(three), 1.0);
    } else if (PASSINDEX == 4) {
        gl_FragColor = vec4(down(four), 1.0);
    } else if (PASSINDEX == 5) {
        gl_FragColor = vec4(0.5 * up(five) + 0.5 * up(four), 1.0);
    } else if (PASSINDEX == 6) {
        gl_FragColor = vec4(mix(0.6 * up(two) + 0.4 * up(three), 1.3 * up(far), spread), 1.0);
    } else {
        vec4 here = IMG_THIS_PIXEL(inputImage);
        vec3 shine = amount * IMG_THIS_PIXEL(halo).rgb * tint.rgb * tint.rgb;
        vec3 lit = here.rgb * here.rgb * picture + shine;
        lit = lit / (1.0 + max(lit - 0.75, 0.0));                        // a shoulder, not a ceiling
        gl_FragColor = vec4(sqrt(lit), max(here.a, min(max(shine.r, max(shine.g, shine.b)) * 2.0, 1.0)));
    }
}
