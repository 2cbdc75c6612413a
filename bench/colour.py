"""Cost of finishing a picture: the grade, the flash limiter: ``python bench/colour.py [WxH]``.

CPU-ms of a frame, and times the plain finish in the same run; the least of several rounds that
take turns, so that a busy machine tells the same ratios.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from engine.compositor.compose import Compositor
from engine.compositor.gl.context import open_context
from engine.core.colour.cube import read_cube
from engine.core.colour.grade import Grade
from engine.core.frame.plan import LayerPlan, Pass, Plan

FRAMES, ROUNDS = 20, 5
COLOUR = """/*{"ISFVSN": "2", "INPUTS": [{"NAME": "c", "TYPE": "color"}]}*/
void main() { gl_FragColor = c * isf_FragNormCoord.x; }
"""
SIDE = np.arange(33) / 32
LOOK = "LUT_3D_SIZE 33\n" + "\n".join(f"{r} {g} {b}" for b in SIDE for g in SIDE for r in SIDE)


def main() -> None:
    """Print a table."""
    size = tuple(map(int, (sys.argv[1] if len(sys.argv) > 1 else "1280x720").split("x")))
    lut = read_cube(LOOK.encode(), "look.cube")
    cases = {
        "plain": (Grade(), False),
        "plain, flash limiter": (Grade(), True),
        "blue noise": (Grade(is_blue=True), False),
        "exposure, white balance": (Grade(exposure=0.5, temperature=20.0), False),
        "contrast": (Grade(contrast=1.2), False),
        "reinhard": (Grade(tone_map=1), False),
        "aces": (Grade(tone_map=2), False),
        "agx": (Grade(tone_map=3), False),
        "look": (Grade(lut=lut, lut_mix=1.0), False),
        "look, flash limiter": (Grade(lut=lut, lut_mix=1.0), True),
        "a strobe, limited": (Grade(), True),
    }
    ctx = open_context()
    made = {name: Compositor(ctx, (size[0], size[1])) for name in cases}
    for compositor in made.values():
        compositor.load("colour", COLOUR)
    best = dict.fromkeys(cases, float("inf"))
    for round_ in range(ROUNDS):
        for name, (grade, is_on) in cases.items():
            began = time.process_time()
            for n in range(FRAMES):
                frame = FRAMES * round_ + n
                on = 1.0 if name[:2] != "a " or frame // 2 % 2 else 0.0
                layer = LayerPlan(
                    "a", None, Pass("a/source", "colour", {"c": (on, on, on, 1.0)}), (),
                    "normal", 1.0, size[0] / size[1], 1.0, False,
                )  # fmt: skip
                plan = Plan(
                    frame / 60, frame, (layer,), {}, 1.0, np.zeros(0),
                    grade=grade, limits_flashes=is_on,
                )  # fmt: skip
                made[name].compose(plan, {})
            ctx.finish()
            if round_:  # the first one compiles
                best[name] = min(best[name], (time.process_time() - began) / FRAMES * 1e3)
    for name, found in best.items():
        print(f"{name:26} {found:7.2f} CPU-ms  {found / best['plain']:5.2f} times the plain one")


if __name__ == "__main__":
    main()
