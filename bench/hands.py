"""Bans and patina over ten minutes: how near a path comes to a ban, what its traces make of it.

    .venv/bin/python bench/hands.py

The share of frames by angle to the ban (after it was pressed), the smoothness of the way around it
at 60 fps, and the share by angle to the middle of the second half, with wear, none and attraction.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from engine.core.event import Event
from engine.core.frame.advance import advance
from engine.core.frame.sample import latents
from engine.core.latent.caps import angle
from engine.core.latent.geometry import onto_shell
from engine.core.show.show import Show
from engine.core.show.state import first_state
from engine.documents.show import load

TICKS = 600 * 60  # two minutes of CPU for all of them
BAN = 1500
FLIGHT = 60
SHOW = """schema = 1
control_hz = 60
[[layers]]
id = "form"
[layers.generator]
kind = "cppn"
config = { latent_size = 512 }
[layers.path]
"""


def play(text: str, is_banning: bool = False, every: int = 1) -> np.ndarray:
    """Directions of ten minutes, with a ban pressed at `BAN`."""
    show: Show = load.read(SHOW + text, "bench", str)[0]
    state, rows = first_state(show), []
    for tick in range(TICKS):
        told = [Event(tick, "/layer/form/path/ban", True)] if is_banning and tick == BAN else []
        state = advance(show, state, tick, told)
        if tick % every == 0:
            z = latents(show, state, tick / 60)["/layer/form/generator/z"]
            rows.append(onto_shell(z.astype(np.float64), 1.0))
    return np.array(rows)


def shares(angles: np.ndarray) -> str:
    """Percent of frames in steps of 0.2 rad."""
    counts, _ = np.histogram(angles, bins=[*np.arange(0, 1.61, 0.2), 4])
    return " ".join(f"{100 * count / len(angles):5.1f}" for count in counts)


def ban(name: str, text: str) -> None:
    """Print a path with and without a ban of where it is after 25 s."""
    free = play(text)
    kept = play(text, True)
    after = slice(BAN + FLIGHT, None)
    for what, rows in (("free", free), ("banned", kept)):
        to = np.array([angle(row, free[BAN]) for row in rows[after]])
        v = np.diff(rows[after], axis=0)
        steps = np.linalg.norm(v, axis=1)
        unit = v / steps[:, None]
        turn = np.degrees(np.arccos(np.clip((unit[1:] * unit[:-1]).sum(1), -1, 1))).max()
        jump = steps.max() / np.median(steps)
        print(f"{name:6} {what:7} nearest {to.min():.3f} (ban 0.35) turn {turn:4.1f} deg "
              f"step max/median {jump:4.2f} | {shares(to)}")  # fmt: skip


def patina(name: str, text: str) -> None:
    """Print a path that ages: visits each second, half the effect after six minutes."""
    for amount in (-1.0, 0.0, 1.0):
        rows = play(f"{text}\npatina = {amount}\npatina_s = 1.0", every=60)
        late = rows[len(rows) // 2 :]
        middle = onto_shell(late.mean(axis=0), 1.0)
        to = np.array([angle(row, middle) for row in late])
        print(f"{name:6} patina {amount:4.1f} mean {to.mean():.3f} rad | {shares(to)}")


if __name__ == "__main__":
    print("angle to the ban, percent of frames from 0 in steps of 0.2 rad:")
    for each in ("keys", "orbit", "walk"):
        ban(each, f'motion = "{each}"\nradius = 0.5\n')
    print("angle to the middle of the second half, the same:")
    patina("walk", "radius = 0.6")
    patina("keys", 'motion = "keys"')
