"""Pace: a limit on how fast a path may turn; what is faster follows it."""

from __future__ import annotations

from typing import Any

from engine.core.bounds import whole
from engine.core.latent.geometry import Vector, angle, length, slerp
from engine.core.path.coordinates import read_coordinates
from engine.core.path.model import Here, Kept, Modifier, Now, Part, Path, PathState, Rows
from engine.core.path.setting import Setting


def is_pacing(path: Path, state: PathState, now: Now) -> bool:
    """Whether a path is held back, from where it was on the tick before."""
    return now.values[path.at["pace"]] > 0.0 and "paced" in state.memory


def _apply(path: Path, state: PathState, now: Now, rows: Rows) -> Rows:
    if not is_pacing(path, state, now):
        return rows
    last, tick = state.memory["paced"]
    reach = now.values[path.at["pace"]] * max(now.unfrozen_s - tick / now.control_hz, 0.0)
    return [_within(a, b, reach) for a, b in zip(last.reshape(-1, path.size), rows, strict=True)]


def _within(last: Vector, z: Vector, reach: float) -> Vector:
    """Go from a latent towards another by an angle (rad) at most."""
    if length(last) == 0.0 or length(z) == 0.0:
        return z
    turn = angle(last / length(last), z / length(z))
    return z if turn <= reach else slerp(last, z, reach / turn)


def _remember(path: Path, state: PathState, now: Now, here: Here) -> PathState:
    if now.values[path.at["pace"]] <= 0.0:
        return state
    return state.remembering(paced=(here(), now.tick))


def _write(paced: tuple[Vector, int]) -> Any:
    return [paced[0].tolist(), paced[1]]


def _read(path: Path, data: Any) -> tuple[Vector, int] | None:
    here, tick = data
    found = read_coordinates(path, here)
    return None if found is None else (found, whole(tick))


PACE = Modifier(
    "pace",
    _apply,
    wakes=("pace",),
    remember=_remember,
    part=Part(
        settings=(
            Setting(
                "pace",
                "Fastest it may turn; 0: no limit.",
                0.0,
                0.0,
                20.0,
                "rad/s",
                label="Fastest turn",
            ),
        ),
        memory={"paced": Kept(_write, _read)},
    ),
)
