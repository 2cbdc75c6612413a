"""Position: from the phase that a trajectory has gathered to its place on the path."""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.show import Path
from engine.core.state import PathState


def position(path: Path, held: PathState, values: Sequence[float], dt: float) -> float:
    """Place on the path, in knots, `dt` seconds after the state's tick.

    Parameters
    ----------
    values
        Effective values of all parameters.
    """
    return held.phase + held.speed * dt + values[path.offset]
