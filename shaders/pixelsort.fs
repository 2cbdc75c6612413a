/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Pixels fall into order: along every column the brighter ones sink step by step past the darker, and the fresh picture comes back slowly.",
  "CATEGORIES": ["Memory"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "way", "LABEL": "Where the bright ones go", "TYPE": "long", "DEFAULT": 0, "VALUES": [0, 1, 2, 3], "LABELS": ["Down", "Up", "Left", "Right"] },
    { "NAME": "low", "LABEL": "Darker pixels stay where they are", "TYPE": "float", "DEFAULT": 0.18, "MIN": 0, "MAX": 1 },
    { "NAME": "high", "LABEL": "Brighter pixels stay where they are", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 1 },
    { "NAME": "renewal", "LABEL": "Half-life of the old order", "UNIT": "s", "TYPE": "float", "DEFAULT": 2.5, "MIN": 0.1, "MAX": 30 },
    { "NAME": "reach", "LABEL": "How far they fall at once", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1 },
    { "NAME": "again", "LABEL": "The picture is itself again", "TYPE": "event" },
    { "NAME": "amount", "LABEL": "How much of the order shows", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 1 }
  ],
  "PASSES": [
    { "TARGET": "order", "PERSISTENT": true, "WIDTH": "360 * $WIDTH / $HEIGHT", "HEIGHT": "360" },
    { "TARGET": "order", "PERSISTENT": true, "WIDTH": "360 * $WIDTH / $HEIGHT", "HEIGHT": "360" },
    { "TARGET": "order", "PERSISTENT": true, "WIDTH": "360 * $WIDTH / $HEIGHT", "HEIGHT": "360" },
    { "TARGET": "order", "PERSISTENT": true, "WIDTH": "360 * $WIDTH / $HEIGHT", "HEIGHT": "360" },
    {}
  ]
}*/

// Odd-even transposition with gaps that shrink (Habermann 1972; Shell 1959): each pass compares
// every pixel with one partner, and both keep or change places. The lines are always as many, so
// that every resolution shows the same streaks.
float luminance(vec3 c) { return dot(c, vec3(0.299, 0.587, 0.114)); }

// PCG (O'Neill 2014)
float chance(uint v) {
    v = v * 747796405u + 2891336453u;
    v = ((v >> ((v >> 28u) + 4u)) ^ v) * 277803737u;
    return float(((v >> 22u) ^ v) >> 8u) / 16777216.0;
}

bool moves(float l) { return l >= low && l <= high; }

vec4 sorted(vec4 own, int gap, int parity) {
    bool is_upright = way < 2;
    int place = int(is_upright ? gl_FragCoord.y : gl_FragCoord.x);
    int last = int(is_upright ? RENDERSIZE.y : RENDERSIZE.x) - 1;
    bool is_first = ((place / gap + parity) & 1) == 0;                   // of its pair
    int partner = is_first ? place + gap : place - gap;
    if (partner < 0 || partner > last) {
        return own;
    }
    vec2 step_ = (is_upright ? vec2(0.0, 1.0) : vec2(1.0, 0.0)) * float(partner - place);
    vec4 other = IMG_NORM_PIXEL(order, (gl_FragCoord.xy + step_) / RENDERSIZE);
    float a = luminance(own.rgb);
    float b = luminance(other.rgb);
    if (!moves(a) || !moves(b)) {
        return own;
    }
    // A step of 1/30 s compares all pairs, a shorter one its share of them: as fast at every rate.
    int pair = (place / gap + parity) / 2 + 977 * int(is_upright ? gl_FragCoord.x : gl_FragCoord.y);
    if (chance(uint(pair) * 64u + uint(PASSINDEX) + 7919u * uint(FRAMEINDEX & 4095)) >= TIMEDELTA * 30.0) {
        return own;
    }
    bool bright_first = way == 0 || way == 2;                            // row and column 0 are below and left
    bool is_wrong = is_first == bright_first ? a < b : a > b;
    return is_wrong ? other : own;
}

void main() {
    int odd = FRAMEINDEX & 1;
    int most = 1 + int(15.0 * reach * reach + 0.5);
    if (PASSINDEX == 0) {
        vec4 own = sorted(IMG_THIS_PIXEL(order), most, odd);
        vec4 fresh = IMG_THIS_PIXEL(inputImage);
        // A line is renewed at once, with few neighbours, at a time of its own: averaged ones would be grey.
        uint line = uint(way < 2 ? gl_FragCoord.x : gl_FragCoord.y);
        line = chance(line / 7u) < 0.5 ? 1000u + line / 7u : line;
        float lot = chance(line + 4096u * uint(FRAMEINDEX & 4095));
        bool is_new = TIMEDELTA <= 0.0 || again || lot < 1.0 - exp2(-TIMEDELTA / renewal);
        gl_FragColor = is_new ? fresh : own;
    } else if (PASSINDEX == 1) {
        gl_FragColor = sorted(IMG_THIS_PIXEL(order), max(most / 2, 1), 1 - odd);
    } else if (PASSINDEX == 2) {
        gl_FragColor = sorted(IMG_THIS_PIXEL(order), max(most / 4, 1), odd);
    } else if (PASSINDEX == 3) {
        gl_FragColor = sorted(IMG_THIS_PIXEL(order), 1, 1 - odd);
    } else {
        vec4 here = IMG_THIS_PIXEL(inputImage);
        vec4 grain = IMG_THIS_PIXEL(order);
        gl_FragColor = vec4(mix(here.rgb, grain.rgb, amount), mix(here.a, grain.a, amount));
    }
}
