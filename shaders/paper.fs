/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "A sheet to paint land and sea on, as a map of heights: what the brush passes over rises to its height. Beneath lie islands that drift and change by themselves; left alone, the painting sinks back into them. What is painted has the same size at every resolution.",
  "CATEGORIES": ["Paint"],
  "INPUTS": [
    { "NAME": "pen", "LABEL": "Where the brush is", "TYPE": "point2D", "DEFAULT": [0.5, 0.5], "MIN": [0, 0], "MAX": [1, 1] },
    { "NAME": "down", "LABEL": "Whether it touches", "TYPE": "bool", "DEFAULT": false },
    { "NAME": "press", "LABEL": "A new stroke begins", "TYPE": "event" },
    { "NAME": "erase", "LABEL": "Whether it washes away", "TYPE": "bool", "DEFAULT": false },
    { "NAME": "clear", "LABEL": "Open sea everywhere", "TYPE": "event" },
    { "NAME": "height", "LABEL": "Height that is painted: -1 trench, 0 coast, 1 ice", "TYPE": "float", "DEFAULT": 0.3, "MIN": -1, "MAX": 1 },
    { "NAME": "radius", "LABEL": "Of the brush, in picture heights", "TYPE": "float", "DEFAULT": 0.07, "MIN": 0.005, "MAX": 0.5 },
    { "NAME": "rough", "LABEL": "How ragged coasts and slopes are", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1 },
    { "NAME": "islands", "LABEL": "How much of the islands shows beneath", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 1 },
    { "NAME": "level", "LABEL": "How high the islands lie", "TYPE": "float", "DEFAULT": 0, "MIN": -1, "MAX": 1 },
    { "NAME": "drift", "LABEL": "Rounds of the islands per hour", "TYPE": "long", "DEFAULT": 4, "MIN": 0, "MAX": 60 },
    { "NAME": "rest", "LABEL": "Seconds without a stroke until the painting sinks", "TYPE": "float", "DEFAULT": 45, "MIN": 0, "MAX": 600 },
    { "NAME": "fade", "LABEL": "Seconds in which half of it sinks; 0: never", "TYPE": "float", "DEFAULT": 15, "MIN": 0, "MAX": 600 },
    { "NAME": "light", "LABEL": "Light and shade on slopes", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 1 }
  ],
  "PASSES": [
    { "TARGET": "grain", "FLOAT": true, "WIDTH": "64", "HEIGHT": "64" },
    { "TARGET": "ground", "PERSISTENT": true, "FLOAT": true, "WIDTH": "192 * $WIDTH / $HEIGHT", "HEIGHT": "192" },
    { "TARGET": "hand", "PERSISTENT": true, "FLOAT": true, "WIDTH": "1", "HEIGHT": "1" },
    { "TARGET": "relief", "FLOAT": true, "WIDTH": "192 * $WIDTH / $HEIGHT", "HEIGHT": "192" },
    { "TARGET": "lit", "FLOAT": true, "WIDTH": "192 * $WIDTH / $HEIGHT", "HEIGHT": "192" },
    { "TARGET": "scale", "WIDTH": "1024", "HEIGHT": "1" },
    {}
  ]
}*/

const float SEA = -0.5;
const float AWAKE = 20.0;       // seconds in which islands come up where nobody paints

float hash(vec2 p) {
    vec3 q = fract(vec3(p.xyx) * 0.1031);
    q += dot(q, q.yzx + 33.33);
    return fract((q.x + q.y) * q.z);
}

// Value noise out of `grain`, which repeats after 63: one tap an octave.
float noise(vec2 p) {
    vec2 i = floor(p);
    vec2 f = p - i;
    f = f * f * (3.0 - 2.0 * f);
    return IMG_NORM_PIXEL(grain, (mod(i, 63.0) + f + 0.5) / 64.0).r - 0.5;
}

vec2 place() { return isf_FragNormCoord * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0); }

float ragged(vec2 p) {
    return noise(p * 9.0) + 0.6 * noise(p * 19.0 + 7.0) + 0.4 * noise(p * 41.0 + 3.0);
}

// Sharp ridges, as water leaves them.
float ridges(vec2 p) {
    float a = 1.0 - 4.0 * abs(noise(p * 13.0 + 17.0));
    float b = 1.0 - 4.0 * abs(noise(p * 31.0 + 9.0 + 0.4 * a));
    return 0.6 * a + 0.4 * b * (0.5 + 0.5 * a);
}

// Two sheets of noise on circles of their own: after an hour both are where they were.
float world(vec2 p) {
    float turn = 6.2831853 * TIME * float(drift) / 3600.0;
    vec2 a = p * 2.6 + 7.0 * vec2(cos(turn), sin(turn)) + 20.0;
    vec2 b = p * 4.9 + 9.0 * vec2(sin(turn), cos(turn)) + 40.0;
    float h = 0.95 * noise(a) + 0.8 * noise(b) + 0.45 * noise(2.1 * b + 5.0);
    return h + 0.35 * level - 0.06;
}

// x, y: painted height, weighed by how much is painted · how much.
vec4 paint() {
    vec4 old = IMG_NORM_PIXEL(ground, isf_FragNormCoord);
    vec4 was = IMG_NORM_PIXEL(hand, vec2(0.5));
    if (clear) {
        old = vec4(SEA, 1.0, 0.0, 0.0);
    } else if (fade > 0.0 && was.z > rest) {
        old *= exp2(-TIMEDELTA / fade);
    }
    if (!(down || press || was.w > 0.5)) {
        return old;
    }
    vec2 shape = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 to = pen * shape;
    vec2 way = (press ? pen : was.xy) * shape - to;
    vec2 p = place() - to;
    float d = length(p - way * clamp(dot(p, way) / max(dot(way, way), 1e-9), 0.0, 1.0));
    d = d / radius + 0.9 * rough * ragged(place());
    float w = 1.0 - smoothstep(0.45, 1.0, d);
    return mix(old, vec4(erase ? SEA : height, 1.0, 0.0, 0.0), w);
}

// x, y: where the brush was · z: seconds since · w: whether it touched.
vec4 follow() {
    float since = IMG_NORM_PIXEL(hand, vec2(0.5)).z;
    bool touched = down || press;
    return vec4(pen, touched || clear ? 0.0 : min(since + TIMEDELTA, 3600.0), down ? 1.0 : 0.0);
}

vec4 raise() {
    vec2 p = place();
    vec4 painted = IMG_NORM_PIXEL(ground, isf_FragNormCoord);
    float since = IMG_NORM_PIXEL(hand, vec2(0.5)).z;
    float up = max(islands, smoothstep(rest, rest + AWAKE, since));
    float h = painted.x + (1.0 - painted.y) * mix(SEA, world(p), up);
    h += rough * (0.24 * ragged(p + 11.0) + (0.04 + 0.5 * clamp(h, 0.0, 0.6)) * ridges(p));
    return vec4(h, 0.0, 0.0, 1.0);
}

// The colours of relief maps, by metres; after the scale of the ETOPO1 picture.
vec3 chart(float h) {
    if (h < 0.0) {
        float m = 6500.0 * pow(min(-h, 1.0), 1.15);
        vec3 c = mix(vec3(188, 230, 255), vec3(94, 223, 255), clamp(m / 1000.0, 0.0, 1.0));
        c = mix(c, vec3(43, 186, 255), clamp((m - 1000.0) / 2000.0, 0.0, 1.0));
        c = mix(c, vec3(19, 117, 244), clamp((m - 3000.0) / 2000.0, 0.0, 1.0));
        return mix(c, vec3(10, 50, 200), clamp((m - 5000.0) / 1500.0, 0.0, 1.0)) / 255.0;
    }
    float m = 5600.0 * pow(h, 1.6);
    vec3 c = mix(vec3(51, 102, 0), vec3(51, 204, 102), clamp(m / 100.0, 0.0, 1.0));
    c = mix(c, vec3(187, 228, 146), clamp((m - 100.0) / 100.0, 0.0, 1.0));
    c = mix(c, vec3(255, 220, 185), clamp((m - 200.0) / 300.0, 0.0, 1.0));
    c = mix(c, vec3(217, 166, 39), clamp((m - 500.0) / 1500.0, 0.0, 1.0));
    c = mix(c, vec3(164, 140, 22), clamp((m - 2000.0) / 700.0, 0.0, 1.0));
    c = mix(c, vec3(150, 95, 40), clamp((m - 2700.0) / 1100.0, 0.0, 1.0));
    c = mix(c, vec3(165, 145, 142), clamp((m - 3800.0) / 500.0, 0.0, 1.0));
    return mix(c, vec3(232.0), clamp((m - 4300.0) / 600.0, 0.0, 1.0)) / 255.0;
}

float at(float x, float y) {
    return IMG_NORM_PIXEL(relief, isf_FragNormCoord + vec2(x * RENDERSIZE.y / RENDERSIZE.x, y)).r;
}

// x: height · y: how much light falls on it, from the north-west.
vec4 illuminate() {
    float e = 1.0 / 192.0;
    float h = at(0.0, 0.0);
    float slope = at(e, 0.0) - at(-e, 0.0) - at(0.0, e) + at(0.0, -e);
    float shade = light * clamp(2.0 * slope, -0.6, 0.35) * (h < 0.0 ? 0.7 : 1.0);
    return vec4(h, 1.0 + shade, 0.0, 1.0);
}

void main() {
    if (PASSINDEX == 0) {
        gl_FragColor = vec4(hash(mod(floor(gl_FragCoord.xy), 63.0)));
    } else if (PASSINDEX == 1) {
        gl_FragColor = paint();
    } else if (PASSINDEX == 2) {
        gl_FragColor = follow();
    } else if (PASSINDEX == 3) {
        gl_FragColor = raise();
    } else if (PASSINDEX == 4) {
        gl_FragColor = illuminate();
    } else if (PASSINDEX == 5) {
        gl_FragColor = vec4(chart(2.0 * isf_FragNormCoord.x - 1.0), 1.0);
    } else {
        vec2 form = IMG_NORM_PIXEL(lit, isf_FragNormCoord).xy;
        float h = clamp(0.5 + 0.5 * form.x, 0.001, 0.999);
        gl_FragColor = vec4(IMG_NORM_PIXEL(scale, vec2(h, 0.5)).rgb * form.y, 1.0);
    }
}
