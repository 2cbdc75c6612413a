/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "Colours the letters of a text layer and reveals them one after another.",
  "CATEGORIES": ["Text"],
  "INPUTS": [
    { "NAME": "letters", "TYPE": "image" },
    { "NAME": "colour", "LABEL": "Colour of the letters", "TYPE": "color", "DEFAULT": [1, 1, 1, 1] },
    { "NAME": "outline_colour", "LABEL": "Colour of their outline", "TYPE": "color", "DEFAULT": [0, 0, 0, 1] },
    { "NAME": "reveal", "LABEL": "How much of the text is there", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 1 },
    { "NAME": "soft", "LABEL": "How much of it appears at a time", "TYPE": "float", "DEFAULT": 0.05, "MIN": 0, "MAX": 1 }
  ]
}*/

// Red: covered by a letter. Green: by it and its outline. Blue and alpha: which letter, in 16 bits.
void main() {
    vec4 found = IMG_THIS_PIXEL(letters);
    vec2 place = texelFetch(letters, ivec2(isf_FragNormCoord * vec2(textureSize(letters, 0))), 0).ba;
    float letter = dot(floor(place * 255.0 + 0.5), vec2(256.0, 1.0)) / 65535.0;
    float edge = max(soft, 0.0001);
    float shown = clamp((reveal * (1.0 + edge) - letter) / edge, 0.0, 1.0);
    float fill = colour.a * found.r;
    float outline = outline_colour.a * found.g * (1.0 - fill);
    float alpha = fill + outline;
    vec3 light = (colour.rgb * fill + outline_colour.rgb * outline) / max(alpha, 1e-4);
    gl_FragColor = vec4(light, alpha * shown);
}
