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
    { "TARGET": "across", "WIDTH": "180 * $WIDTH / $HEIGHT", "HEIGHT": "180" },
    { "TARGET": "veil", "WIDTH": "180 * $WIDTH / $HEIGHT", "HEIGHT": "180" },
    {}
  ]
}*/

vec4 blur(sampler2D image, vec2 direction, bool is_light) {
    vec4 sum = vec4(0.0);
    float total = 0.0;
    for (int k = -5; k <= 5; k++) {
        float w = exp(-float(k * k) / 10.0);
        vec4 c = IMG_NORM_PIXEL(image, isf_FragNormCoord + direction * (0.004 * radius * float(k)));
        sum += w * (is_light ? c : vec4(c.rgb * c.rgb * c.a, c.a));
        total += w;
    }
    return sum / total;
}

void main() {
    if (PASSINDEX == 0) {
        gl_FragColor = blur(inputImage, vec2(RENDERSIZE.y / RENDERSIZE.x, 0.0), false);
    } else if (PASSINDEX == 1) {
        gl_FragColor = blur(across, vec2(0.0, 1.0), true);
    } else {
        vec4 here = IMG_THIS_PIXEL(inputImage);
        vec3 own = here.rgb * here.rgb;
        vec4 soft = IMG_THIS_PIXEL(veil);
        float grey = dot(soft.rgb, vec3(0.2126, 0.7152, 0.0722));
        vec3 tone = max(mix(vec3(grey), soft.rgb, colour), 0.0);
        vec3 deep = mix(own, own * (0.35 + 1.3 * own / (own + 0.2)), contrast);
        vec3 lit = 1.0 - (1.0 - min(deep, 1.0)) * (1.0 - min(tone, 1.0) * amount);       // screen, in light
        float over = max(grey - dot(own, vec3(0.2126, 0.7152, 0.0722)), 0.0);
        lit += red * over * vec3(1.6, 0.25, 0.08);
        gl_FragColor = vec4(sqrt(min(lit, 1.0)), max(here.a, min(2.0 * amount * grey, 1.0)));
    }
}
