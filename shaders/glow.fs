/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "A soft veil of the picture's own light and colours, as through a stocking before the lens: shapes stay, hard edges melt, skin and clouds shine.",
  "CATEGORIES": ["Light"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "amount", "LABEL": "Strength of the veil", "TYPE": "float", "DEFAULT": 0.7, "MIN": 0, "MAX": 1 },
    { "NAME": "radius", "LABEL": "Radius, in hundredths of the height", "TYPE": "float", "DEFAULT": 5, "MIN": 0.5, "MAX": 20 },
    { "NAME": "contrast", "LABEL": "How deep the shadows get", "TYPE": "float", "DEFAULT": 0.4, "MIN": 0, "MAX": 1 },
    { "NAME": "colour", "LABEL": "Saturation of the veil", "TYPE": "float", "DEFAULT": 1.4, "MIN": 0, "MAX": 3 },
    { "NAME": "red", "LABEL": "Halation: red around lights, as in film", "TYPE": "float", "DEFAULT": 0.2, "MIN": 0, "MAX": 1 }
  ],
  "PASSES": [
    { "TARGET": "small", "WIDTH": "120 * $WIDTH / $HEIGHT", "HEIGHT": "120" },
    { "TARGET": "across", "WIDTH": "120 * $WIDTH / $HEIGHT", "HEIGHT": "120" },
    { "TARGET": "veil", "WIDTH": "120 * $WIDTH / $HEIGHT", "HEIGHT": "120" },
    { "TARGET": "tiny", "WIDTH": "30 * $WIDTH / $HEIGHT", "HEIGHT": "30" },
    { "TARGET": "far_across", "WIDTH": "30 * $WIDTH / $HEIGHT", "HEIGHT": "30" },
    { "TARGET": "far", "WIDTH": "30 * $WIDTH / $HEIGHT", "HEIGHT": "30" },
    { "TARGET": "both", "WIDTH": "120 * $WIDTH / $HEIGHT", "HEIGHT": "120" },
    {}
  ]
}*/

vec4 blur(sampler2D image, vec2 direction) {
    vec4 sum = vec4(0.0);
    float total = 0.0;
    for (int k = -5; k <= 5; k++) {
        float w = exp(-float(k * k) / 10.0);
        sum += w * IMG_NORM_PIXEL(image, isf_FragNormCoord + direction * (0.004 * radius * float(k)));
        total += w;
    }
    return sum / total;
}

vec4 light(vec2 offset) {
    vec4 c = IMG_NORM_PIXEL(inputImage, isf_FragNormCoord + offset);
    return vec4(c.rgb * c.rgb * c.a, c.a);
}

vec4 quarter(vec2 offset) { return IMG_NORM_PIXEL(small, isf_FragNormCoord + offset); }

// Two sizes: a wide veil is drawn from a smaller picture, or its samples would stand apart as a grid.
void main() {
    vec2 d = 0.25 / RENDERSIZE;
    vec2 e = vec2(d.x, -d.y);
    vec2 wide = vec2(RENDERSIZE.y / RENDERSIZE.x, 0.0);
    if (PASSINDEX == 0) {
        gl_FragColor = 0.25 * (light(d) + light(-d) + light(e) + light(-e));
    } else if (PASSINDEX == 1) {
        gl_FragColor = blur(small, wide);
    } else if (PASSINDEX == 2) {
        gl_FragColor = blur(across, vec2(0.0, 1.0));
    } else if (PASSINDEX == 3) {
        gl_FragColor = 0.25 * (quarter(d) + quarter(-d) + quarter(e) + quarter(-e));
    } else if (PASSINDEX == 4) {
        gl_FragColor = blur(tiny, wide);
    } else if (PASSINDEX == 5) {
        gl_FragColor = blur(far_across, vec2(0.0, 1.0));
    } else if (PASSINDEX == 6) {
        gl_FragColor = mix(IMG_THIS_PIXEL(veil), IMG_NORM_PIXEL(far, isf_FragNormCoord), smoothstep(3.0, 6.0, radius));
    } else {
        vec4 here = IMG_THIS_PIXEL(inputImage);
        vec3 own = here.rgb * here.rgb;
        vec4 soft = IMG_NORM_PIXEL(both, isf_FragNormCoord);
        float grey = dot(soft.rgb, vec3(0.2126, 0.7152, 0.0722));
        vec3 tone = max(mix(vec3(grey), soft.rgb, colour), 0.0);
        vec3 deep = mix(own, own * (0.35 + 1.3 * own / (own + 0.2)), contrast);
        vec3 lit = 1.0 - (1.0 - min(deep, 1.0)) * (1.0 - min(tone, 1.0) * amount);       // screen, in light
        float over = max(grey - dot(own, vec3(0.2126, 0.7152, 0.0722)), 0.0);
        lit += red * over * vec3(1.6, 0.25, 0.08);
        gl_FragColor = vec4(sqrt(min(lit, 1.0)), max(here.a, min(2.0 * amount * grey, 1.0)));
    }
}
