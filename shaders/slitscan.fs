/*{
  "ISFVSN": "2",
  "CREDIT": "Latent Cinema",
  "DESCRIPTION": "A slit camera: one line of the picture is exposed again and again onto a strip of film that runs past, so that time becomes space.",
  "CATEGORIES": ["Memory"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "slit", "LABEL": "Where the slit is", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1 },
    { "NAME": "seconds", "LABEL": "Time that the strip holds", "UNIT": "s", "TYPE": "float", "DEFAULT": 6, "MIN": 0.5, "MAX": 60 },
    { "NAME": "way", "LABEL": "How the strip runs", "TYPE": "long", "DEFAULT": 0, "VALUES": [0, 1, 2, 3], "LABELS": ["To the left", "To the right", "Out of the middle", "Upwards"] },
    { "NAME": "amount", "LABEL": "How much of the strip shows", "TYPE": "float", "DEFAULT": 1, "MIN": 0, "MAX": 1 }
  ],
  "PASSES": [
    { "TARGET": "head", "PERSISTENT": true, "FLOAT": true, "WIDTH": "1", "HEIGHT": "1" },
    { "TARGET": "strip", "PERSISTENT": true, "WIDTH": "$WIDTH", "HEIGHT": "$HEIGHT" },
    {}
  ]
}*/

// The strip is a loop: only the columns that have passed the slit since the step before are
// exposed, and none is ever moved, so that it stays sharp.
void main() {
    vec4 mark = IMG_NORM_PIXEL(head, vec2(0.5));                         // x: where it is exposed now · y: a step ago
    if (PASSINDEX == 0) {
        gl_FragColor = vec4(fract(mark.x + TIMEDELTA / seconds), mark.x, 0.0, 1.0);
    } else if (PASSINDEX == 1) {
        float gone = fract(mark.x - mark.y);
        float since = fract(mark.x - isf_FragNormCoord.x);
        bool is_first = TIMEDELTA <= 0.0;
        if (since <= gone || is_first) {
            vec2 at = way == 3 ? vec2(isf_FragNormCoord.y, slit) : vec2(slit, isf_FragNormCoord.y);
            gl_FragColor = IMG_NORM_PIXEL(inputImage, at);
        } else {
            gl_FragColor = IMG_THIS_PIXEL(strip);
        }
    } else {
        vec2 at = isf_FragNormCoord;
        float age = way == 0 ? 1.0 - at.x : way == 1 ? at.x : way == 2 ? abs(2.0 * at.x - 1.0) : at.y;
        age *= 1.0 - 2.0 / RENDERSIZE.x;
        float along = way == 3 ? at.x : at.y;
        // Columns are centred half a pixel away from the edge where the newest one ends.
        vec4 old = IMG_NORM_PIXEL(strip, vec2(fract(mark.x - age - 0.5 / RENDERSIZE.x), along));
        vec4 here = IMG_THIS_PIXEL(inputImage);
        float alpha = mix(here.a, old.a, amount);
        gl_FragColor = vec4(mix(here.rgb * here.a, old.rgb * old.a, amount) / max(alpha, 1e-4), alpha);
    }
}
