/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Long thin streaks through bright places, as anamorphic lenses draw them: to two sides or to four.",
  "CATEGORIES": ["Light"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "amount", "LABEL": "Light of the streaks", "TYPE": "float", "DEFAULT": 1.0, "MIN": 0, "MAX": 4 },
    { "NAME": "reach", "LABEL": "Length, in picture heights", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0.05, "MAX": 1.5 },
    { "NAME": "threshold", "LABEL": "What is brighter than this has streaks", "TYPE": "float", "DEFAULT": 0.8, "MIN": 0, "MAX": 1 },
    { "NAME": "angle", "LABEL": "Their direction, in turns", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "star", "LABEL": "To how many sides", "TYPE": "long", "DEFAULT": 0, "VALUES": [0, 1], "LABELS": ["Two", "Four"] },
    { "NAME": "tint", "LABEL": "Colour of the streaks", "TYPE": "color", "DEFAULT": [0.35, 0.6, 1.0, 1.0] },
    { "NAME": "own", "LABEL": "How much of the picture's colour they take", "TYPE": "float", "DEFAULT": 0.3, "MIN": 0, "MAX": 1 }
  ],
  "PASSES": [
    { "TARGET": "spots", "WIDTH": "180 * $WIDTH / $HEIGHT", "HEIGHT": "180" },
    { "TARGET": "near", "WIDTH": "180 * $WIDTH / $HEIGHT", "HEIGHT": "180" },
    { "TARGET": "middle", "WIDTH": "180 * $WIDTH / $HEIGHT", "HEIGHT": "180" },
    { "TARGET": "far", "WIDTH": "180 * $WIDTH / $HEIGHT", "HEIGHT": "180" },
    { "TARGET": "second", "WIDTH": "180 * $WIDTH / $HEIGHT", "HEIGHT": "180" },
    { "TARGET": "second_middle", "WIDTH": "180 * $WIDTH / $HEIGHT", "HEIGHT": "180" },
    { "TARGET": "cross_", "WIDTH": "180 * $WIDTH / $HEIGHT", "HEIGHT": "180" },
    {}
  ]
}*/

vec3 bright(vec2 at) {
    vec4 c = IMG_NORM_PIXEL(inputImage, at);
    vec3 lit = c.rgb * c.rgb * c.a;
    float top = max(lit.r, max(lit.g, lit.b));
    float level = threshold * threshold;
    return lit * smoothstep(0.7 * level, 0.7 * level + 0.3, top);
}

vec3 square_of(vec2 d) {
    vec2 e = vec2(d.x, -d.y);
    return 0.25 * (bright(isf_FragNormCoord + d) + bright(isf_FragNormCoord - d) + bright(isf_FragNormCoord + e) + bright(isf_FragNormCoord - e));
}

// Along one line, in three passes of nine samples: close together, of those five times as far apart,
// and of those again. The first two fade towards their ends, so that what lies between two of the
// next is both of them in part.
vec3 along(sampler2D image, float turns, float wide, float decay) {
    float a = 6.2831853 * (angle + turns);
    vec2 d = vec2(cos(a) * RENDERSIZE.y / RENDERSIZE.x, sin(a)) * reach * wide;
    vec3 sum = vec3(0.0);
    float total = 0.0;
    for (int k = -4; k <= 4; k++) {
        float w = decay > 0.0 ? exp2(-decay * abs(float(k))) : 1.0 - 0.2 * abs(float(k));
        sum += w * IMG_NORM_PIXEL(image, isf_FragNormCoord + d * float(k)).rgb;
        total += w;
    }
    return sum / total;
}

void main() {
    if (PASSINDEX == 0) {
        vec2 d = 0.4 / RENDERSIZE;
        vec3 own_ = square_of(d);
        // A large bright place would lay fog over everything: only what outshines its surroundings counts.
        vec3 around = square_of(0.035 * vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0));
        gl_FragColor = vec4(max(own_ - 0.85 * around, 0.0), 1.0);
    } else if (PASSINDEX == 1) {
        gl_FragColor = vec4(along(spots, 0.0, 0.01, 0.0), 1.0);
    } else if (PASSINDEX == 2) {
        gl_FragColor = vec4(along(near, 0.0, 0.05, 0.0), 1.0);
    } else if (PASSINDEX == 3) {
        gl_FragColor = vec4(along(middle, 0.0, 0.25, 0.9), 1.0);
    } else if (PASSINDEX == 4) {
        gl_FragColor = star == 1 ? vec4(along(spots, 0.25, 0.01, 0.0), 1.0) : vec4(0.0);
    } else if (PASSINDEX == 5) {
        gl_FragColor = star == 1 ? vec4(along(second, 0.25, 0.05, 0.0), 1.0) : vec4(0.0);
    } else if (PASSINDEX == 6) {
        gl_FragColor = star == 1 ? vec4(along(second_middle, 0.25, 0.25, 0.9), 1.0) : vec4(0.0);
    } else {
        vec4 here = IMG_THIS_PIXEL(inputImage);
        vec3 line = IMG_THIS_PIXEL(far).rgb + IMG_THIS_PIXEL(cross_).rgb;
        float light = dot(line, vec3(0.3, 0.5, 0.2));
        vec3 streaks = 2.4 * amount * mix(light * tint.rgb * tint.rgb, line, own);
        vec3 lit = here.rgb * here.rgb + streaks;
        lit = lit / (1.0 + max(lit - 0.75, 0.0));                        // a shoulder, not a ceiling
        gl_FragColor = vec4(sqrt(lit), max(here.a, min(2.0 * max(streaks.r, max(streaks.g, streaks.b)), 1.0)));
    }
}
