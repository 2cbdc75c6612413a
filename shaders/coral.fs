/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Reaction and diffusion: stripes, spots and mazes grow by themselves, as on fish and corals, denser where the picture is bright, and take its colours.",
  "CATEGORIES": ["Memory"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "pattern", "LABEL": "Spots, mazes or holes", "TYPE": "float", "DEFAULT": 0.45, "MIN": 0, "MAX": 1 },
    { "NAME": "follow", "LABEL": "How much it follows the picture", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 1 },
    { "NAME": "relief", "LABEL": "Relief", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 1 },
    { "NAME": "colour", "LABEL": "One colour or the picture's own", "TYPE": "float", "DEFAULT": 0.99, "MIN": 0, "MAX": 1 },
    { "NAME": "tint", "LABEL": "The one colour", "TYPE": "color", "DEFAULT": [1.0, 0.55, 0.42, 1.0] },
    { "NAME": "picture", "LABEL": "How much of the picture shows between", "TYPE": "float", "DEFAULT": 0.15, "MIN": 0, "MAX": 1 },
    { "NAME": "seed", "LABEL": "Sow anew", "TYPE": "event" }
  ],
  "PASSES": [
    { "TARGET": "dish", "PERSISTENT": true, "FLOAT": true, "WIDTH": "200 * $WIDTH / $HEIGHT", "HEIGHT": "200" },
    { "TARGET": "dish", "PERSISTENT": true, "FLOAT": true, "WIDTH": "200 * $WIDTH / $HEIGHT", "HEIGHT": "200" },
    { "TARGET": "dish", "PERSISTENT": true, "FLOAT": true, "WIDTH": "200 * $WIDTH / $HEIGHT", "HEIGHT": "200" },
    { "TARGET": "dish", "PERSISTENT": true, "FLOAT": true, "WIDTH": "200 * $WIDTH / $HEIGHT", "HEIGHT": "200" },
    {}
  ]
}*/

// Gray and Scott 1984; rates after Pearson 1993, "Complex patterns in a simple system". The dish
// has always as many rows, so that every resolution grows the same.
// PCG (O'Neill 2014)
float chance(ivec2 p) {
    uint v = uint(p.x) * 747796405u + uint(p.y) * 2891336453u + 277803737u;
    v = ((v >> ((v >> 28u) + 4u)) ^ v) * 277803737u;
    return float(((v >> 22u) ^ v) >> 8u) / 16777216.0;
}

vec2 at(vec2 offset) { return IMG_NORM_PIXEL(dish, isf_FragNormCoord + offset / RENDERSIZE).xy; }

vec4 react(bool is_first) {
    vec4 c = IMG_THIS_PIXEL(inputImage);
    float l = clamp(dot(c.rgb, vec3(0.299, 0.587, 0.114)) * c.a, 0.0, 1.0);
    vec2 own = at(vec2(0.0));
    if (seed || TIMEDELTA <= 0.0) {
        float spot = step(0.86, chance(ivec2(gl_FragCoord.xy / 5.0)));
        return vec4(1.0 - 0.5 * spot, 0.3 * spot, 0.0, 1.0);
    }
    vec2 sum = 0.2 * (at(vec2(1.0, 0.0)) + at(vec2(-1.0, 0.0)) + at(vec2(0.0, 1.0)) + at(vec2(0.0, -1.0)))
             + 0.05 * (at(vec2(1.0, 1.0)) + at(vec2(-1.0, 1.0)) + at(vec2(1.0, -1.0)) + at(vec2(-1.0, -1.0))) - own;
    float feed = mix(0.030, 0.050, pattern);
    float kill = mix(0.0620, 0.0625, smoothstep(0.0, 1.0, pattern)) - 0.0030 * pattern * pattern;
    float lit = smoothstep(0.02, 0.5, l);
    kill += 0.006 * follow * (0.35 - lit);
    float dt = min(TIMEDELTA * 30.0, 1.0);                               // beyond it everything would fill up
    float eaten = own.x * own.y * own.y;
    own += dt * vec2(1.0 * sum.x - eaten + feed * (1.0 - own.x), 0.5 * sum.y + eaten - (feed + kill) * own.y);
    if (is_first) {                                                      // what dies out is sown again
        float lot = chance(ivec2(gl_FragCoord.xy / 4.0) + ivec2(0, 613 * (FRAMEINDEX & 1023)));
        own.y = lot > 0.99985 ? max(own.y, 0.35) : own.y;
    }
    return vec4(clamp(own, 0.0, 1.0), 0.0, 1.0);
}

float height(vec2 p) { return smoothstep(0.08, 0.32, IMG_NORM_PIXEL(dish, p).y); }

void main() {
    if (PASSINDEX == 0) {
        gl_FragColor = react(true);
    } else if (PASSINDEX < 4) {
        gl_FragColor = react(false);
    } else {
        vec2 square = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
        vec4 here = IMG_THIS_PIXEL(inputImage);
        vec2 p = isf_FragNormCoord;
        vec2 e = vec2(1.2 / 200.0) / square;
        float h = height(p);
        vec2 slope = vec2(height(p + vec2(e.x, 0.0)) - height(p - vec2(e.x, 0.0)), height(p + vec2(0.0, e.y)) - height(p - vec2(0.0, e.y)));
        float lamp = dot(slope, vec2(0.5, -0.86));
        vec3 own = here.rgb * here.rgb;
        float top = max(max(own.r, max(own.g, own.b)), 0.02);
        vec3 hue = own / top * sqrt(top);
        vec3 body = mix(tint.rgb * tint.rgb, hue, colour);
        vec3 lit = body * h * clamp(1.0 - relief * lamp, 0.1, 2.0) + relief * 0.25 * pow(max(-lamp, 0.0), 2.0);
        lit = mix(own * picture, lit, h);
        gl_FragColor = vec4(sqrt(clamp(lit, 0.0, 1.0)), here.a);
    }
}
