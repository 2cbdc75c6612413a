/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "The first picture goes out of focus, the second comes into it: lights swell into discs and meet while both are blurred.",
  "CATEGORIES": ["Transition"],
  "INPUTS": [
    { "NAME": "startImage", "TYPE": "image" },
    { "NAME": "endImage", "TYPE": "image" },
    { "NAME": "progress", "LABEL": "From the first picture to the second", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "radius", "LABEL": "How far out of focus, in hundredths of the height", "TYPE": "float", "DEFAULT": 6, "MIN": 0.5, "MAX": 20 },
    { "NAME": "shine", "LABEL": "How much lights swell", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 1 }
  ],
  "PASSES": [
    { "TARGET": "both", "WIDTH": "180 * $WIDTH / $HEIGHT", "HEIGHT": "180" },
    { "TARGET": "disc", "WIDTH": "180 * $WIDTH / $HEIGHT", "HEIGHT": "180" },
    { "TARGET": "filled", "WIDTH": "180 * $WIDTH / $HEIGHT", "HEIGHT": "180" },
    {}
  ]
}*/

vec4 blend(vec4 a, vec4 b, float t) {
    float alpha = mix(a.a, b.a, t);
    vec3 lit = mix(a.rgb * a.rgb * a.a, b.rgb * b.rgb * b.a, t) / max(alpha, 1e-4);
    return vec4(sqrt(lit), alpha);
}

const float GOLDEN = 2.3999632;

float amount() { return sin(3.14159265 * clamp(progress, 0.0, 1.0)); }

vec4 whole(vec2 at) {
    float t = smoothstep(0.25, 0.75, progress);
    return blend(IMG_NORM_PIXEL(startImage, at), IMG_NORM_PIXEL(endImage, at), t);
}

vec4 lit(vec2 offset) {
    vec4 c = whole(isf_FragNormCoord + offset);
    return vec4(c.rgb * c.rgb * c.a, c.a);                               // premultiplied light
}

// A disc of 32 samples on a spiral (Vogel 1979), and the gaps between them filled by a smaller one.
void main() {
    vec2 reach = 0.01 * radius * amount() * vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0);
    vec4 sum = vec4(0.0);
    if (PASSINDEX == 0) {
        vec2 d = 0.25 / RENDERSIZE;
        vec2 e = vec2(d.x, -d.y);
        gl_FragColor = 0.25 * (lit(d) + lit(-d) + lit(e) + lit(-e));
    } else if (PASSINDEX == 1) {
        float total = 0.0;
        for (int k = 0; k < 32; k++) {
            float r = sqrt((float(k) + 0.5) / 32.0);
            float a = GOLDEN * float(k);
            vec4 c = IMG_NORM_PIXEL(both, isf_FragNormCoord + reach * r * vec2(cos(a), sin(a)));
            float w = 1.0 + 8.0 * shine * dot(c.rgb, c.rgb);
            sum += w * c;
            total += w;
        }
        gl_FragColor = sum / total;
    } else if (PASSINDEX == 2) {
        for (int k = 0; k < 12; k++) {
            float r = sqrt((float(k) + 0.5) / 12.0);
            float a = GOLDEN * float(k) + 1.0;
            sum += IMG_NORM_PIXEL(disc, isf_FragNormCoord + 0.26 * reach * r * vec2(cos(a), sin(a)));
        }
        gl_FragColor = sum / 12.0;
    } else {
        float t = smoothstep(0.0, 0.014, reach.y);
        vec4 now = t < 1.0 ? mix(lit(vec2(0.0)), IMG_NORM_PIXEL(filled, isf_FragNormCoord), t) : IMG_NORM_PIXEL(filled, isf_FragNormCoord);
        gl_FragColor = vec4(sqrt(now.rgb / max(now.a, 1e-4)), now.a);
    }
}
