"""The table of kinds of modulators: add a row for a new one."""

from __future__ import annotations

from engine.core.modulators.adsr import ADSR
from engine.core.modulators.breakpoints import BREAKPOINTS
from engine.core.modulators.brownian import BROWNIAN
from engine.core.modulators.expression import EXPRESSION
from engine.core.modulators.gates import COUNTER, LOGIC, SAMPLE_HOLD
from engine.core.modulators.model import Kind
from engine.core.modulators.sequence import SEQUENCE
from engine.core.modulators.smoothing import FOLLOWER, ONE_EURO, SLEW

MODULATORS: tuple[Kind, ...] = (
    ADSR, FOLLOWER, SEQUENCE, BROWNIAN, COUNTER, LOGIC, SAMPLE_HOLD, EXPRESSION, ONE_EURO, SLEW,
    BREAKPOINTS,
)  # fmt: skip
