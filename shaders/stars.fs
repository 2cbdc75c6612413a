/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "A flight through stars, or a sky that stands still and glimmers faintly.",
  "CATEGORIES": ["Generator", "Pattern"],
  "INPUTS": [
    { "NAME": "pace", "LABEL": "Flights through the depth per hour; 0: still", "TYPE": "long", "DEFAULT": 180, "MIN": -1800, "MAX": 1800 },
    { "NAME": "density", "LABEL": "How many stars", "TYPE": "float", "DEFAULT": 0.6, "MIN": 0, "MAX": 1 },
    { "NAME": "size", "LABEL": "Size of the stars", "TYPE": "float", "DEFAULT": 0.8, "MIN": 0.05, "MAX": 1 },
    { "NAME": "streak", "LABEL": "How far they are drawn out", "TYPE": "float", "DEFAULT": 0.3, "MIN": 0, "MAX": 1 },
    { "NAME": "glimmer", "LABEL": "Glimmer", "TYPE": "float", "DEFAULT": 0.3, "MIN": 0, "MAX": 1 },
    { "NAME": "colours", "LABEL": "White or many colours", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1 },
    { "NAME": "centre", "LABEL": "Where the flight leads", "TYPE": "point2D", "DEFAULT": [0.5, 0.5], "MIN": [0, 0], "MAX": [1, 1] },
    { "NAME": "ground", "LABEL": "The sky", "TYPE": "color", "DEFAULT": [0.0, 0.0, 0.02, 1.0] }
  ]
}*/

const float TURN = 6.2831853;

// PCG (O'Neill 2014): whole numbers, so that every graphics card draws the same.
float chance(ivec2 p) {
    uint v = uint(p.x) * 747796405u + uint(p.y) * 2891336453u + 277803737u;
    v = ((v >> ((v >> 28u) + 4u)) ^ v) * 277803737u;
    return float(((v >> 22u) ^ v) >> 8u) / 16777216.0;
}

void main() {
    vec2 p = (isf_FragNormCoord - centre) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec3 lit = ground.rgb * ground.rgb;
    float pixel = 1.0 / RENDERSIZE.y;
    for (int k = 0; k < 6; k++) {                                        // six sheets, one behind the other
        float z = fract(float(k) / 6.0 - TIME * float(pace) / 3600.0);
        float depth = 0.12 + 1.9 * z;                                    // near sheets are large
        float seen = smoothstep(1.0, 0.75, z) * smoothstep(0.0, 0.12, z);
        vec2 q = p * depth * 7.0 + vec2(float(k) * 17.3, float(k) * 9.7) + 100.0;
        ivec2 cell = ivec2(floor(q));
        float lot = chance(cell + ivec2(0, 57 * k));
        if (lot < 0.15 + 0.8 * density) {
            vec2 at = 0.5 + 0.3 * (vec2(chance(cell + ivec2(11, 3)), chance(cell + ivec2(5, 29))) - 0.5) * 2.0;
            vec2 d = (fract(q) - at) / (depth * 7.0);                    // in picture heights
            vec2 way = normalize(p + vec2(1e-5, 0.0));
            float along = dot(d, way);
            float across = dot(d, vec2(-way.y, way.x));
            float draw = 1.0 + 10.0 * streak * length(p) * (1.0 - z);
            float bright = chance(cell + ivec2(71, 7));
            float wanted = size * (0.0015 + 0.005 * bright * bright) / depth;
            float r = max(wanted, 0.9 * pixel);                          // smaller than a pixel: fainter instead
            float dist2 = (along * along / (draw * draw) + across * across) / (r * r);
            if (dist2 < 400.0) {                                         // beyond it nothing of it is seen
                float times = 300.0 + floor(500.0 * bright);
                float glim = 1.0 - 0.6 * glimmer * (0.5 + 0.5 * sin(TURN * (lot * 9.0 + fract(TIME * times / 3600.0))));
                float room = smoothstep(0.5, 0.2, max(abs(fract(q.x) - 0.5), abs(fract(q.y) - 0.5)) - 0.02);
                float near = smoothstep(0.2, 0.0, length(fract(q) - at));  // its light ends round, within its cell
                float star = exp(-dist2) * room + 0.16 / (1.0 + dist2) * bright * near;
                vec3 hue = mix(vec3(1.0), 0.55 + 0.45 * cos(TURN * (bright * 1.7 + vec3(0.0, 0.22, 0.5))), colours);
                lit += hue * star * seen * glim * (wanted * wanted) / (r * r) * (0.3 + 0.7 * bright) * 2.4;
            }
        }
    }
    gl_FragColor = vec4(sqrt(min(lit, 1.0)), 1.0);
}
