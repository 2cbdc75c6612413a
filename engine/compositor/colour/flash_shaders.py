"""GLSL of the flash limiter: small grids, a texel a cell.

Definitions: WCAG 2.2, "general flash and red flash thresholds" (success criterion 2.3.1); ITU-R
BT.1702-3. What is measured is relative luminance, and the redness R - G - B of saturated red, in
units in which both thresholds are 0.1.
"""

from __future__ import annotations

ACROSS, DOWN = 48, 27
TAPS = 10
"""Of a cell, on each axis; each takes four pixels."""
SIGNALS = 2
"""Luminance, redness: grids of signals lie one below the other."""

_COMMON = f"""#version 330
const int DOWN = {DOWN};
const float STEP = 0.095;   // a change that counts: 0.1, less what dither adds
const float ALLOWED = 0.085; // what is let through of one that must not
const float BRIGHT = 0.8;   // where the darker side is above, no change of luminance counts
const float BAND = 0.035;   // how far a limited cell moves around the mean
const float SLEW = 2.0;     // how fast it moves there, and away again, in 1/s
const float FAST = 6.9;     // changes in a second, decaying: above it the picture flashes
const float RELEASE = 0.5;  // how long it goes back at that pace, in s
uniform float dt;
uniform float area;
float luminance(vec3 c) {{ return dot(c, vec3(0.2126, 0.7152, 0.0722)); }}
float redness(vec3 c) {{
    // 320 (R - G - B) may change by 20; where less than 0.8 is red it fades
    float saturated = clamp(10.0 * c.r / max(c.r + c.g + c.b, 1e-4) - 7.0, 0.0, 1.0);
    return 1.6 * max(c.r - c.g - c.b, 0.0) * saturated;
}}
float signal(vec3 c, int of) {{ return of == 0 ? luminance(c) : redness(c); }}
float bright(int of) {{ return of == 0 ? BRIGHT : 1e3; }}
// An extremum and its side in one number: a highest value is above 0.
bool is_high(float turn) {{ return turn > 0.0; }}
float extremum(float turn) {{ return abs(turn) - 1.0; }}
float turned(float x, bool high) {{ return high ? x + 1.0 : -x - 1.0; }}
// Whether a value is the opposing change to the extremum before.
bool completes(float turn, float x, float limit) {{
    float e = extremum(turn);
    return is_high(turn) ? e - x >= STEP && x < limit : x - e >= STEP && e < limit;
}}
float follow(float turn, float x, float limit) {{
    bool high = is_high(turn);
    if (completes(turn, x, limit)) return turned(x, !high);
    return turned(high ? max(extremum(turn), x) : min(extremum(turn), x), high);
}}
"""

# State of a signal in a cell: `pace` (extremum shown, extremum wanted, changes wanted, mean),
# `ages_a` and `ages_b` (seconds since the six newest changes shown; mean of the mean; seconds
# since it was limited).
_STATE = """
uniform sampler2D pace;
uniform sampler2D ages_a;
uniform sampler2D ages_b;
uniform sampler2D wanted;
"""

# The mean of a cell: nearly every pixel of 720p, so that fine noise does not flash.
MEASURE = f"""
uniform int taps;
void main() {{
    vec3 sum = vec3(0.0);
    for (int j = 0; j < taps; ++j) {{
        for (int i = 0; i < taps; ++i) {{
            vec2 place = gl_FragCoord.xy - 0.5 + (vec2(float(i), float(j)) + 0.5) / float(taps);
            sum += grade(light_around(place / vec2({ACROSS}.0, {DOWN}.0)));
        }}
    }}
    host_Color = vec4(sum / float(taps * taps), 1.0);
}}
"""

# A row of cells: parts that would change as shown, that change as wanted, that flash too fast,
# that were limited; that have changed in the frame before.
ROWS = (
    _COMMON
    + _STATE
    + f"""
layout(location = 0) out vec4 sums;
layout(location = 1) out vec4 changed;
void main() {{
    int row = int(gl_FragCoord.y);
    int of = row / DOWN;
    vec4 sum = vec4(0.0);
    float count = 0.0;
    for (int i = 0; i < {ACROSS}; ++i) {{
        float x = signal(texelFetch(wanted, ivec2(i, row % DOWN), 0).rgb, of);
        vec4 p = texelFetch(pace, ivec2(i, row), 0);
        vec4 ages = texelFetch(ages_b, ivec2(i, row), 0);
        bool spent = ages.y + dt < 0.999;
        sum += vec4(
            float(completes(p.x, x, bright(of))),
            float(completes(p.y, x, bright(of))),
            float(spent || p.z > FAST),
            float(ages.w < RELEASE)
        );
        count += float(texelFetch(ages_a, ivec2(i, row), 0).x == 0.0);
    }}
    sums = sum / {ACROSS}.0;
    changed = vec4(count / {ACROSS}.0);
}}
"""
)

# The whole picture, by signal: what of it changes together, the ages of such changes, and what
# follows: `verdict` (no change together, flashes together, cells flash, 1: something may have to
# be done, 2: something was).
VERDICT = (
    _COMMON
    + """
layout(location = 0) out vec4 verdict;
layout(location = 1) out vec4 new_ages_a;
layout(location = 2) out vec4 new_ages_b;
uniform sampler2D rows;
uniform sampler2D changed_rows;
uniform sampler2D all_ages_a;
uniform sampler2D all_ages_b;
void main() {
    int of = int(gl_FragCoord.x);
    vec4 mean = vec4(0.0);
    float changed = 0.0;
    for (int i = 0; i < DOWN; ++i) {
        mean += texelFetch(rows, ivec2(0, i + of * DOWN), 0);
        changed += texelFetch(changed_rows, ivec2(0, i + of * DOWN), 0).x;
    }
    mean /= float(DOWN);
    changed /= float(DOWN);
    vec4 a = min(texelFetch(all_ages_a, ivec2(of, 0), 0) + dt, 9.0);
    vec4 b = texelFetch(all_ages_b, ivec2(of, 0), 0);
    b.xy = min(b.xy + dt, 9.0);
    float pace = b.z * exp(-dt) + float(mean.y >= area);
    if (changed >= area && a.x > 1.5 * dt) { // what was limited changed later than wanted
        b.xy = vec2(a.w, b.x);
        a = vec4(dt, a.xyz);
    }
    bool spent = b.y < 0.999;
    if (mean.x >= area && !spent) {
        b.xy = vec2(a.w, b.x);
        a = vec4(0.0, a.xyz);
    }
    new_ages_a = a;
    new_ages_b = vec4(b.xy, pace, 0.0);
    bool cells = mean.z >= area;
    float acts = mean.w > 0.0 ? 2.0 : float(spent || pace > FAST || cells);
    verdict = vec4(spent, pace > FAST, cells, acts);
}
"""
)

# How much of the wanted picture is let through in a cell.
SOLVE = (
    _COMMON
    + _STATE
    + """
out vec4 host_Color;
uniform sampler2D shown;
uniform sampler2D verdict;
// Where a signal may go; whether that is less than it wants.
vec2 span(ivec2 cell, int of, float old, float now, inout bool is_limited) {
    ivec2 place = cell + ivec2(0, of * DOWN);
    vec4 v = texelFetch(verdict, ivec2(of, 0), 0);
    vec4 p = texelFetch(pace, place, 0);
    vec4 ages = texelFetch(ages_b, place, 0);
    bool is_fast = v.y > 0.5 || (v.z > 0.5 && p.z > FAST);
    bool is_spent = v.x > 0.5 || (v.z > 0.5 && ages.y + dt < 0.999);
    vec2 least = vec2(-1e3, 1e3);
    if (is_spent && is_high(p.x)) least.x = min(extremum(p.x) - ALLOWED, bright(of) + 0.01);
    if (is_spent && !is_high(p.x) && extremum(p.x) < bright(of)) {
        least.y = extremum(p.x) + ALLOWED;
    }
    vec2 s = vec2(-1e3, 1e3);
    if (is_fast) s = vec2(ages.z - BAND, ages.z + BAND);
    is_limited = clamp(clamp(now, s.x, s.y), least.x, least.y) != now;
    if (is_limited || ages.w < RELEASE) s = clamp(s, old - SLEW * dt, old + SLEW * dt);
    return clamp(s, least.x, least.y);
}
void main() {
    ivec2 cell = ivec2(gl_FragCoord.xy);
    vec3 before = texelFetch(shown, cell, 0).rgb;
    vec3 now = texelFetch(wanted, cell, 0).rgb;
    float gain = 1.0;
    bvec2 is_limited;
    for (int of = 0; of < 2; ++of) {
        float target = signal(now, of);
        bool is_of_limited;
        vec2 s = span(cell, of, signal(before, of), target, is_of_limited);
        is_limited[of] = is_of_limited;
        float goal = clamp(target, s.x, s.y);
        float low = goal == target ? 1.0 : 0.0;
        float high = 1.0;
        for (int i = 0; i < 10; ++i) {
            float middle = 0.5 * (low + high);
            float x = signal(mix(before, now, middle), of);
            bool is_within = goal < target ? x <= s.y : x >= s.x;
            if (is_within) low = middle; else high = middle;
        }
        gain = min(gain, low);
    }
    host_Color = vec4(gain, is_limited, 1.0);
}
"""
)

# The least gain of the cells around: what is between two cells is limited as both are.
SPREAD = f"""#version 330
out vec4 host_Color;
uniform sampler2D gains;
uniform sampler2D shown;
uniform sampler2D wanted;
void main() {{
    ivec2 cell = ivec2(gl_FragCoord.xy);
    float gain = 1.0;
    for (int j = -1; j <= 1; ++j) {{
        for (int i = -1; i <= 1; ++i) {{
            ivec2 place = clamp(cell + ivec2(i, j), ivec2(0), ivec2({ACROSS - 1}, {DOWN - 1}));
            gain = min(gain, texelFetch(gains, place, 0).r);
        }}
    }}
    vec3 c = mix(texelFetch(shown, cell, 0).rgb, texelFetch(wanted, cell, 0).rgb, gain);
    host_Color = vec4(c, gain);
}}
"""

TRACK = (
    _COMMON
    + _STATE
    + """
layout(location = 0) out vec4 new_pace;
layout(location = 1) out vec4 new_ages_a;
layout(location = 2) out vec4 new_ages_b;
uniform sampler2D shown;
uniform sampler2D gains;
uniform float is_first;
void main() {
    ivec2 place = ivec2(gl_FragCoord.xy);
    int of = place.y / DOWN;
    ivec2 cell = ivec2(place.x, place.y % DOWN);
    float x = signal(texelFetch(shown, cell, 0).rgb, of);
    float w = signal(texelFetch(wanted, cell, 0).rgb, of);
    vec4 p = texelFetch(pace, place, 0);
    vec4 a = min(texelFetch(ages_a, place, 0) + dt, 9.0);
    vec4 b = texelFetch(ages_b, place, 0);
    b.xy = min(b.xy + dt, 9.0);
    if (completes(p.x, x, bright(of))) {
        b.xy = vec2(a.w, b.x);
        a = vec4(0.0, a.xyz);
    }
    float turn = 1.0 - exp(-2.0 * dt);
    float mean = p.w + turn * (w - p.w);
    float count = p.z * exp(-dt) + float(completes(p.y, w, bright(of)));
    new_pace = vec4(follow(p.x, x, bright(of)), follow(p.y, w, bright(of)), count, mean);
    new_ages_a = a;
    float since = texelFetch(gains, cell, 0)[of + 1] > 0.5 ? 0.0 : min(b.w + dt, 9.0);
    new_ages_b = vec4(b.xy, b.z + turn * (mean - b.z), since);
    if (is_first > 0.5) {
        new_pace = vec4(vec2(turned(w, w > 0.4)), 0.0, w);
        new_ages_a = vec4(1e-3, vec3(9.0)); // that it begins is a change, too
        new_ages_b = vec4(9.0, 9.0, w, 9.0);
    }
}
"""
)

# The screen is drawn by one of two programs: the other one's corners fall together.
VERTEX = """#version 330
out vec2 isf_FragNormCoord;
uniform sampler2D verdict;
uniform float is_limited;
void main() {
    float acts = max(texelFetch(verdict, ivec2(0, 0), 0).a, texelFetch(verdict, ivec2(1, 0), 0).a);
    float size = abs(min(acts, 1.0) - is_limited) < 0.5 ? 2.0 : 0.0;
    isf_FragNormCoord = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1));
    gl_Position = vec4(isf_FragNormCoord * size - 1.0, 0.0, 1.0);
}
"""
