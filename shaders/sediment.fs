/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Layered rock: brightness is height, cut into beds of three minerals, seen at a slant under one low lamp. Shade is true black. Give it a smooth picture.",
  "CATEGORIES": ["Light"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "beds", "LABEL": "Number of beds from black to white", "TYPE": "float", "DEFAULT": 22, "MIN": 1, "MAX": 60 },
    { "NAME": "ledge", "LABEL": "How far the beds stand out", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1 },
    { "NAME": "height", "LABEL": "Height of the landscape", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1 },
    { "NAME": "angle", "LABEL": "Where the lamp stands, in turns", "TYPE": "float", "DEFAULT": 0.38, "MIN": 0, "MAX": 1 },
    { "NAME": "turning", "LABEL": "Turns of the lamp per hour", "TYPE": "long", "DEFAULT": 12, "MIN": 0, "MAX": 240 },
    { "NAME": "elevation", "LABEL": "How high the lamp stands", "TYPE": "float", "DEFAULT": 0.2, "MIN": 0.02, "MAX": 1 },
    { "NAME": "tilt", "LABEL": "From straight above or at a slant", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1 },
    { "NAME": "exposure", "LABEL": "Exposure, in stops", "TYPE": "float", "DEFAULT": 0, "MIN": -4, "MAX": 4 },
    { "NAME": "pale", "LABEL": "First mineral", "TYPE": "color", "DEFAULT": [0.87, 0.82, 0.72, 1.0] },
    { "NAME": "dark", "LABEL": "Second mineral", "TYPE": "color", "DEFAULT": [0.33, 0.38, 0.42, 1.0] },
    { "NAME": "vein", "LABEL": "Third mineral, the rare one", "TYPE": "color", "DEFAULT": [0.47, 0.46, 0.27, 1.0] }
  ],
  "PASSES": [
    { "TARGET": "ground", "FLOAT": true, "WIDTH": "max($WIDTH / 2, 1)", "HEIGHT": "max($HEIGHT / 2, 1)" },
    {}
  ]
}*/

const float STEP = 1.0 / 110.0;     // in picture heights: every resolution shows the same rock

float luminance(vec3 c) { return dot(c, vec3(0.299, 0.587, 0.114)); }

// Multiples of irrationals fill 0..1 evenly, and cost no sine.
float hash(float n, float part) { return fract(n * part + 0.37); }

float at(vec2 place, float x, float y) {
    vec2 offset = vec2(x * RENDERSIZE.y / RENDERSIZE.x, y) * STEP;
    return luminance(IMG_NORM_PIXEL(inputImage, place + offset).rgb);
}

// Height and slope, near ground at the bottom, far ground at the top; never outside the picture.
vec4 survey() {
    float y = isf_FragNormCoord.y;
    float depth = mix(1.0, 0.55 + 0.45 * y, tilt);
    vec2 place = vec2(0.5 + (isf_FragNormCoord.x - 0.5) * depth, y * depth);
    float a = at(place, -1.0, -1.0);
    float b = at(place, 1.0, -1.0);
    float c = at(place, -1.0, 1.0);
    float d = at(place, 1.0, 1.0);
    float h = 0.2 * (a + b + c + d + at(place, 0.0, 0.0));
    return vec4(h, b + d - a - c, c + d - a - b, 1.0);
}

// Beds lie in groups, as rock does, and no two are quite alike; the vein is rare and thin.
vec3 mineral(float bed) {
    float group = floor(bed * 0.25);
    float part = bed * 0.25 - group;
    float v = 0.55 * mix(hash(group, 0.618034), hash(group + 1.0, 0.618034), part)
            + 0.45 * hash(bed, 0.754878);
    vec3 c = mix(dark.rgb, pale.rgb, smoothstep(0.1, 0.9, v));
    c = mix(c, vein.rgb, 0.9 * step(0.86, hash(bed, 0.569840)));
    return c * c * (0.85 + 0.3 * hash(bed, 0.324718));
}

void main() {
    if (PASSINDEX == 0) {
        gl_FragColor = survey();
        return;
    }
    vec3 point = IMG_NORM_PIXEL(ground, isf_FragNormCoord).xyz;
    float h = point.x;
    vec2 slope = point.yz;

    float level = h * beds;
    float crowd = 1.0 + 0.665 * cos(1.9 * level);
    level += 0.35 * sin(1.9 * level);                                       // uneven beds
    float bed = floor(level);
    float within = level - bed;
    float steep = length(slope);
    float across = crowd * steep * 0.25 / STEP * beds / RENDERSIZE.y;       // beds per pixel
    float soft = clamp(0.1 + 1.6 * across, 0.0, 1.0);
    float over = smoothstep(1.0 - soft, 1.0, within);
    vec3 rock = mix(mineral(bed), mineral(bed + 1.0), over);

    vec3 normal = normalize(vec3(-slope * height * 4.0, 0.3));
    float turn = 6.2831853 * (angle + TIME * float(turning) / 3600.0);
    vec3 lamp = normalize(vec3(cos(turn), sin(turn), elevation));
    float facing = dot(normal, lamp);
    float lit = max(facing + 0.04, 0.0) * smoothstep(-0.04, 0.12, facing);
    lit *= sqrt(lit) * 1.25;
    float sheen = max(dot(normal, normalize(lamp + vec3(0.0, 0.0, 1.0))), 0.0);
    sheen *= sheen;
    sheen *= sheen;
    sheen *= sheen;
    sheen *= sheen * sheen;
    // The edge of a bed stands out: bright towards the lamp, dark away from it. Its line is never
    // thinner than two pixels and a half: a thinner one breaks into dots.
    float from = abs(within - 1.0 + 0.5 * soft);
    float edge = 1.0 - smoothstep(0.0, max(0.06, 2.5 * across), min(from, 1.0 - from));
    edge *= (1.0 - smoothstep(0.08, 0.3, across)) * ledge;
    lit *= 1.0 + edge * clamp(3.0 * dot(slope, -lamp.xy) / (steep + 0.02), -0.9, 1.6);

    float y = isf_FragNormCoord.y;
    float haze = smoothstep(0.02, 0.16, h) * (1.0 - 0.85 * tilt * y * y);
    vec3 light = rock * vec3(1.95, 1.7, 1.42) * lit + vec3(1.0, 0.9, 0.76) * sheen * lit * 0.25;
    light = max(light * haze * exp2(exposure) - 0.004, 0.0);
    gl_FragColor = vec4(sqrt(light / (1.0 + 0.35 * light)), 1.0);
}
