/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "The Earth from above, painted from what a network draws well: its soft picture holds height, wetness and ice, one colour for each. Coasts, relief, foam, forests and snow are drawn at the sharpness of the canvas; their detail belongs to the land and moves with it.",
  "CATEGORIES": ["Colour"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "sea", "LABEL": "How far the sea rises or falls", "TYPE": "float", "DEFAULT": 0, "MIN": -1, "MAX": 1 },
    { "NAME": "rain", "LABEL": "Wetter or drier", "TYPE": "float", "DEFAULT": 0, "MIN": -1, "MAX": 1 },
    { "NAME": "cold", "LABEL": "How far ice and snow come down", "TYPE": "float", "DEFAULT": 0, "MIN": -1, "MAX": 1 },
    { "NAME": "detail", "LABEL": "How much is drawn that is finer than the network", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 1 },
    { "NAME": "relief", "LABEL": "Light and shade on slopes", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 1 },
    { "NAME": "angle", "LABEL": "Where the sun stands, in turns", "TYPE": "float", "DEFAULT": 0.37, "MIN": 0, "MAX": 1 },
    { "NAME": "foam", "LABEL": "White along the coasts", "TYPE": "float", "DEFAULT": 0.4, "MIN": 0, "MAX": 1 },
    { "NAME": "rust", "LABEL": "The colours of another planet: seas of rust", "TYPE": "float", "DEFAULT": 0, "MIN": 0, "MAX": 1 },
    { "NAME": "exposure", "LABEL": "Exposure, in stops", "TYPE": "float", "DEFAULT": 0, "MIN": -4, "MAX": 4 }
  ],
  "PASSES": [
    { "TARGET": "chance", "FLOAT": true, "WIDTH": "256", "HEIGHT": "256" },
    { "TARGET": "slopes", "FLOAT": true, "WIDTH": "max($WIDTH / 4, 1)", "HEIGHT": "max($HEIGHT / 4, 1)" },
    { "TARGET": "ground", "FLOAT": true },
    {}
  ]
}*/

const float COAST = 0.1;            // the code jumps by twice this at the coast
const float TILE = 12.0;            // cells of the coarsest detail in the sheet of chance
const float CELLS = 26.0;           // of them in a picture height

// Height -1 to 1, wetness, ice: the three colours of the code, told apart again.
vec3 decode(vec3 c) {
    c -= vec3(0.20, 0.20, 0.62);
    return c.r * vec3(0.641026, -3.012821, -0.961538)
         + c.g * vec3(0.769231, 3.717949, 2.179487)
         + c.b * vec3(-0.769231, -0.384615, 1.153846);
}

// A sheet of chance that closes on itself: what is smooth, and what is ridged.
vec2 hash(vec2 p) {
    vec3 q = fract(p.xyx * vec3(0.1031, 0.1030, 0.0973));
    q += dot(q, q.yzx + 33.33);
    return fract((q.xx + q.yz) * q.zy) * 2.0 - 1.0;
}

float gradients(vec2 p, float tile) {
    vec2 cell = floor(p), f = p - cell;
    vec2 u = f * f * f * (f * (f * 6.0 - 15.0) + 10.0);
    vec2 next = mod(cell + 1.0, tile);
    cell = mod(cell, tile);
    float salt = tile * 3.7;
    float a = dot(hash(cell + salt), f);
    float b = dot(hash(vec2(next.x, cell.y) + salt), f - vec2(1.0, 0.0));
    float c = dot(hash(vec2(cell.x, next.y) + salt), f - vec2(0.0, 1.0));
    float d = dot(hash(next + salt), f - vec2(1.0, 1.0));
    return mix(mix(a, b, u.x), mix(c, d, u.x), u.y) * 1.5;
}

vec4 draw_chance() {
    vec2 p = gl_FragCoord.xy / 256.0;
    float smooth_ = 0.0, ridged = 0.0, part = 1.0, last = 1.0, tile = TILE;
    for (int i = 0; i < 4; i++) {
        float n = gradients(p * tile, tile);
        smooth_ += part * n;
        float r = 1.0 - min(abs(n) * 1.7, 1.0);
        ridged += part * last * r * r;
        last = 0.3 + 0.7 * r;
        part *= 0.52;
        tile *= 2.0;
    }
    return vec4(smooth_ * 0.55, (ridged - 0.75) * 0.55, 0.0, 1.0);
}

// One depth of it: each depth is the sheet laid elsewhere, and one passes into the next.
vec2 chance_at(vec2 p, float z) {
    float slice = floor(z), w = z - slice;
    w = w * w * (3.0 - 2.0 * w);
    vec2 step_ = vec2(0.3819660, 0.2763932);
    vec2 a = IMG_NORM_PIXEL(chance, fract(p / TILE + slice * step_)).rg;
    vec2 b = IMG_NORM_PIXEL(chance, fract(p / TILE + (slice + 1.0) * step_)).rg;
    return mix(a, b, w) * inversesqrt(w * w + (1.0 - w) * (1.0 - w));
}

float raised(float h) { return sign(h) * max(abs(h) - COAST, 0.0); }

float height_at(vec2 offset) {
    float x = decode(IMG_NORM_PIXEL(inputImage, isf_FragNormCoord + offset).rgb).x * 2.0 - 1.0;
    return max(x - COAST, 0.0);
}

// Rough where the network draws slopes, smooth on plains, plateaus and ice.
vec4 find_slopes() {
    vec2 reach = vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0) * 0.011;
    float a = height_at(vec2(reach.x, 0.0)) - height_at(vec2(-reach.x, 0.0));
    float b = height_at(vec2(0.0, reach.y)) - height_at(vec2(0.0, -reach.y));
    return vec4(smoothstep(0.02, 0.30, length(vec2(a, b))), 0.0, 0.0, 1.0);
}

// The ground at full sharpness: height, wetness, ice, grain.
vec4 survey() {
    vec3 f = decode(IMG_THIS_PIXEL(inputImage).rgb);
    f.x = f.x * 2.0 - 1.0;
    float high = raised(f.x) - 0.5 * sea;                  // without the jump
    // The coast's own jump stays behind when the sea leaves it; the new coast gets one.
    float own = exp(-40.0 * abs(sea));
    f.x = high + mix(COAST * clamp(30.0 * high, -1.0, 1.0), clamp(f.x, -COAST, COAST), own);
    f.y += 0.5 * rain;
    f.z += cold * (0.25 + max(high, 0.0));
    // Where the land goes, detail goes: its place is bent by what is drawn, and so is its depth.
    vec2 p = vec2(isf_FragNormCoord.x * RENDERSIZE.x / RENDERSIZE.y, isf_FragNormCoord.y) * CELLS;
    p += 1.6 * vec2(high - 0.6 * f.z, f.y + 0.4 * f.z);
    float z = 3.0 * high + 4.0 * f.y + 3.0 * f.z + 8.0;
    vec2 n = chance_at(p, z);
    vec2 m = chance_at(mat2(2.32, 1.74, -1.74, 2.32) * p, 1.7 * z + 3.5);
    float sum = n.x + 0.4 * m.x, ridges = n.y + 0.3 * m.y;
    float rough = IMG_NORM_PIXEL(slopes, isf_FragNormCoord).r;
    float near = exp(-f.x * f.x * 20.0);
    float h = f.x + detail * ((0.22 * n.x + 0.2 * m.x) * near + 0.02 * sum);
    float up = max(h - COAST, 0.0);
    h += detail * ridges * up * (0.16 + 0.7 * rough * (1.0 - 0.5 * clamp(f.z, 0.0, 1.0)));
    float edge = smoothstep(-0.1, 0.25, f.z) * smoothstep(1.2, 0.8, f.z);
    float grain = detail * (0.8 * n.x + m.x);
    return vec4(h, f.y + 0.3 * grain, f.z + detail * (0.4 * sum + 0.15 * ridges) * edge, grain);
}

vec3 land(float wet, float high, float grain) {
    vec3 c = mix(vec3(0.86, 0.72, 0.53), vec3(0.77, 0.55, 0.36), smoothstep(0.0, 0.14, wet));
    c = mix(c, vec3(0.60, 0.48, 0.30), smoothstep(0.14, 0.36, wet));
    c = mix(c, vec3(0.38, 0.39, 0.20), smoothstep(0.32, 0.50, wet));
    c = mix(c, vec3(0.18, 0.29, 0.12), smoothstep(0.46, 0.64, wet));
    c = mix(c, vec3(0.08, 0.19, 0.08), smoothstep(0.60, 0.85, wet));
    vec3 rock = mix(vec3(0.52, 0.42, 0.32), vec3(0.38, 0.35, 0.33), smoothstep(-0.5, 0.5, grain));
    c = mix(c, rock, 0.65 * smoothstep(0.42, 0.85, high));
    return c * (1.0 + 0.45 * grain);
}

void main() {
    if (PASSINDEX == 0) {
        gl_FragColor = draw_chance();
        return;
    }
    if (PASSINDEX == 1) {
        gl_FragColor = find_slopes();
        return;
    }
    if (PASSINDEX == 2) {
        gl_FragColor = survey();
        return;
    }
    vec2 px = 1.0 / RENDERSIZE.xy;
    vec2 at = isf_FragNormCoord;
    vec4 g = IMG_THIS_PIXEL(ground);
    float right = IMG_NORM_PIXEL(ground, at + vec2(px.x, 0.0)).x;
    float left = IMG_NORM_PIXEL(ground, at - vec2(px.x, 0.0)).x;
    float top = IMG_NORM_PIXEL(ground, at + vec2(0.0, px.y)).x;
    float low = IMG_NORM_PIXEL(ground, at - vec2(0.0, px.y)).x;
    vec2 slope = 0.5 * vec2(raised(right) - raised(left), raised(top) - raised(low));
    slope *= RENDERSIZE.y / 720.0;                            // in 1/720 of the picture's height
    float h = g.x;
    float across = max(0.5 * length(vec2(right - left, top - low)), 0.003);
    float shore = clamp(h / across + 0.5, 0.0, 1.0);          // 0 sea, 1 land, antialiased
    float turn = 6.2831853 * angle;
    float facing = -dot(slope, vec2(cos(turn), sin(turn))) * 22.0;

    float high = clamp((h - COAST) / (1.0 - COAST), 0.0, 1.0);
    float shade = 1.0 + relief * clamp(facing, -0.8, 0.9) * smoothstep(0.0, 0.15, high);
    vec3 c = land(g.y, high, g.w);
    float snow = smoothstep(0.35, 0.60, g.z);
    c = mix(c, vec3(0.90, 0.93, 0.96), snow);
    c *= mix(shade, 0.5 * shade + 0.5, snow);

    float deep = clamp((-h - COAST) / (1.0 - COAST), 0.0, 1.0);
    vec3 w = mix(vec3(0.12, 0.40, 0.50), vec3(0.06, 0.25, 0.44), smoothstep(0.0, 0.22, deep));
    w = mix(w, vec3(0.025, 0.11, 0.27), smoothstep(0.15, 0.5, deep));
    w = mix(w, vec3(0.012, 0.05, 0.15), smoothstep(0.45, 0.95, deep));
    w *= 1.0 + relief * 0.5 * clamp(facing, -0.5, 0.5);
    float pack = smoothstep(0.60, 0.74, g.z);
    w = mix(w, vec3(0.78, 0.86, 0.91) * (0.92 + 0.15 * g.w), 0.9 * pack);
    float away = max(-h, 0.0) / max(across, 0.004) * 720.0 / RENDERSIZE.y;
    float surf = exp(-away * away * 0.2) * clamp(0.5 + 0.9 * g.w, 0.0, 1.2);
    w += foam * surf * vec3(0.45, 0.55, 0.55);

    c = mix(w, c, shore);
    vec3 turned = vec3(dot(c, vec3(0.15, 0.15, 0.7)), dot(c, vec3(0.45, 0.35, 0.2)), dot(c, vec3(0.75, 0.25, 0.0)));
    // Rows sum to one: white stays white. It comes from the coasts, to the depths and the heights.
    float far = 0.8 * abs(h) + 0.06 * g.w;
    c = mix(c, turned * 1.3, smoothstep(far, far + 0.2, rust * 1.2));
    gl_FragColor = vec4(clamp(c * exp2(exposure), 0.0, 1.0), 1.0);
}
