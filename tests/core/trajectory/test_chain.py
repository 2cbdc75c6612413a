"""Where a trajectory is: flights to a new place."""

from __future__ import annotations

import math

from engine.core.frame.sample import sample
from tests.making import read_show, run

INSTANT = """
[[layers]]
id = "form"
[layers.generator]
kind = "cppn"
[layers.path]
jump_s = 0.0
"""


def test_a_jump_without_a_flight_is_there_also_after_a_freeze() -> None:
    """The difference of two times is a rounding below 0 then, and nothing is divided by 0."""
    show = read_show(INSTANT)
    for frozen in range(1, 40):
        freeze = [(2, "/master/freeze", True), (2 + frozen, "/master/freeze", False)]
        jump = [(60, "/layer/form/path/jump", True), (60, "/layer/form/path/motion", "keys")]
        state = run(show, 60, [*freeze, *jump])
        assert math.isfinite(float(sample(show, state, 60 / 120).requests["form"].latents["z"][0]))
