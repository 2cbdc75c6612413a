/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Shows a layer on one side of a line only: what lies below is seen on the other. For two pictures side by side, and for wiping from one to the other.",
  "CATEGORIES": ["Composition"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "at", "LABEL": "Where the line is, from the left; at 0 nothing is shown, at 1 all", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1 },
    { "NAME": "line", "LABEL": "Width of the line, in hundredths of the height", "TYPE": "float", "DEFAULT": 0.3, "MIN": 0, "MAX": 4 },
    { "NAME": "right", "LABEL": "Show it on the right", "TYPE": "bool", "DEFAULT": false },
    { "NAME": "tint", "LABEL": "Colour of the line", "TYPE": "color", "DEFAULT": [1.0, 1.0, 1.0, 1.0] }
  ]
}*/

void main() {
    vec4 here = IMG_THIS_PIXEL(inputImage);
    // From the line, in pixels; the line goes out of the picture at both ends of its way.
    float wide = 0.01 * line * RENDERSIZE.y;
    float x = gl_FragCoord.x - mix(-wide, RENDERSIZE.x + wide, at);
    float shown = clamp(0.5 - (right ? -x : x), 0.0, 1.0);
    float drawn = tint.a * clamp(0.5 * wide - abs(x) + 0.5, 0.0, 1.0) * step(0.001, line);
    gl_FragColor = vec4(mix(here.rgb, tint.rgb, drawn), max(here.a * shown, drawn));
}
