/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "What is forbidden leaves a scar: when `mark` happens, the picture's outlines burn in, glow, and stay faint; `heal` takes them away.",
  "CATEGORIES": ["Memory"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "mark", "LABEL": "Burn the picture in", "TYPE": "event" },
    { "NAME": "heal", "LABEL": "Take the scars away", "TYPE": "event" },
    { "NAME": "strength", "LABEL": "How much of the scars shows", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 2 },
    { "NAME": "half_life", "LABEL": "Half-life", "UNIT": "s", "TYPE": "float", "DEFAULT": 60, "MIN": 1, "MAX": 600 },
    { "NAME": "tint", "LABEL": "Colour of the scars", "TYPE": "color", "DEFAULT": [1.0, 0.2, 0.12, 1.0] }
  ],
  "PASSES": [
    { "TARGET": "scars", "PERSISTENT": true, "FLOAT": true, "WIDTH": "max($WIDTH / 2, 1)", "HEIGHT": "max($HEIGHT / 2, 1)" },
    {}
  ]
}*/

const float REACH = 1.0 / 240.0;    // in picture heights: every resolution but the smallest shows the same outline

float light(vec2 offset) {
    float reach = max(REACH, 0.75 / RENDERSIZE.y);
    vec2 at = isf_FragNormCoord + offset * reach * vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0);
    return dot(IMG_NORM_PIXEL(inputImage, at).rgb, vec3(0.299, 0.587, 0.114));
}

// x: what stays · y: what still glows
vec4 burn() {
    vec2 old = IMG_THIS_PIXEL(scars).xy * exp2(-TIMEDELTA / vec2(half_life, 0.6));
    if (heal) {
        return vec4(0.0);
    }
    if (mark) {
        vec2 slope = vec2(light(vec2(1.0, 0.0)) - light(vec2(-1.0, 0.0)),
                          light(vec2(0.0, 1.0)) - light(vec2(0.0, -1.0)));
        float edge = smoothstep(0.03, 0.2, length(slope));
        old = max(old, vec2(edge, edge));
    }
    return vec4(old, 0.0, 1.0);
}

void main() {
    if (PASSINDEX == 0) {
        gl_FragColor = burn();
        return;
    }
    vec4 here = IMG_THIS_PIXEL(inputImage);
    vec2 scar = IMG_THIS_PIXEL(scars).xy * strength;
    vec3 lit = here.rgb * here.rgb * (1.0 - min(0.6 * scar.x, 1.0));
    lit += tint.rgb * tint.rgb * scar.x * 0.35 + scar.y * vec3(1.0, 0.85, 0.7);
    gl_FragColor = vec4(sqrt(lit), here.a);
}
