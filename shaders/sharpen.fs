/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Sharper without halos: nothing gets brighter or darker than its own surroundings. For soft cameras, small networks, large walls.",
  "CATEGORIES": ["Light"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "amount", "LABEL": "Strength", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 3 },
    { "NAME": "radius", "LABEL": "Size of the details, in thousandths of the height", "TYPE": "float", "DEFAULT": 2, "MIN": 0.5, "MAX": 12 },
    { "NAME": "crisp", "LABEL": "How much halo is allowed", "TYPE": "float", "DEFAULT": 0.15, "MIN": 0, "MAX": 1 },
    { "NAME": "clarity", "LABEL": "Contrast of larger forms", "TYPE": "float", "DEFAULT": 0.3, "MIN": 0, "MAX": 1 }
  ]
}*/

vec3 at(vec2 offset) { return IMG_NORM_PIXEL(inputImage, isf_FragNormCoord + offset).rgb; }

void main() {
    vec4 here = IMG_THIS_PIXEL(inputImage);
    vec2 unit = vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0);
    vec2 d = unit * max(0.001 * radius, 1.0 / RENDERSIZE.y);
    vec3 a = at(vec2(d.x, 0.0));
    vec3 b = at(vec2(-d.x, 0.0));
    vec3 c = at(vec2(0.0, d.y));
    vec3 e = at(vec2(0.0, -d.y));
    vec3 low = min(here.rgb, min(min(a, b), min(c, e)));
    vec3 high = max(here.rgb, max(max(a, b), max(c, e)));
    vec3 detail = here.rgb - 0.25 * (a + b + c + e);
    vec2 far = unit * 0.016;
    vec3 wide = 0.25 * (at(far) + at(-far) + at(vec2(far.x, -far.y)) + at(vec2(-far.x, far.y)));
    vec3 room = crisp * 0.25 + crisp * (high - low);
    vec3 sharp = clamp(here.rgb + amount * detail, low - room, high + room);
    float form = dot(here.rgb - wide, vec3(0.299, 0.587, 0.114));
    sharp += clarity * clamp(form, -0.12, 0.12) * smoothstep(0.0, 0.1, dot(here.rgb, vec3(0.333)));
    gl_FragColor = vec4(clamp(sharp, 0.0, 1.0), here.a);
}
