"""The table of motions, in the order of the parameter's choices: append a row for a new one."""

from __future__ import annotations

from engine.core.motions.closed import LOOP, NOISE, OPENSIMPLEX
from engine.core.motions.drift import DRIFT
from engine.core.motions.keys import KEYS
from engine.core.motions.orbit import ORBIT
from engine.core.motions.points import each_point, rest
from engine.core.motions.taught_map import MAP
from engine.core.motions.walk import WALK
from engine.core.path.model import Motion

STILL = Motion("still", each_point(rest), is_still=True)
MOTIONS: tuple[Motion, ...] = (
    WALK, KEYS, ORBIT, STILL, MAP, LOOP, DRIFT, NOISE, OPENSIMPLEX
)  # fmt: skip
