"""The table of what a trajectory can be told beyond its oldest parameters: one line each.

A line makes the parameter ``/layer/ID/path/NAME``; the key of the show file is a field of the same
name in `engine.documents.schema.PathTable`, and `Path.at` gives its place in the value vector. A
trigger has no key, and is heard in `engine.core.trajectory.events`.
"""

from __future__ import annotations

from typing import NamedTuple

from engine.core.latent.spline import SPLINES
from engine.core.modifiers.pad import PUSHES
from engine.core.parameter import Kind
from engine.core.path.keyframes import EASES
from engine.core.path.phase import CENTRES, TURNINGS


class Setting(NamedTuple):
    """One parameter of a trajectory, see `engine.core.parameter.Parameter`.

    The default of a choice is a place among its choices.
    """

    name: str
    text: str
    default: float = 0.0
    low: float = 0.0
    high: float = 1.0
    unit: str = ""
    kind: Kind = Kind.FLOAT
    choices: tuple[str, ...] = ()


def _choice(name: str, text: str, choices: tuple[str, ...]) -> Setting:
    return Setting(name, text, 0.0, 0.0, len(choices) - 1.0, "", Kind.CHOICE, choices)


SETTINGS: tuple[Setting, ...] = (
    Setting("teach", "The controllers stand for this picture now.", kind=Kind.TRIGGER),
    Setting("forget", "Takes the newest taught example away.", kind=Kind.TRIGGER),
    _choice("spline", "How it goes from key to key.", SPLINES),
    Setting("tension", "1: it has no velocity at its keys.", 0.0, -1.0, 1.0),
    Setting("closed", "The last key leads back to the first.", 1.0, kind=Kind.BOOL),
    _choice("ease", "Curve of the time from key to key.", EASES),
    _choice("turning", "What it does at the end of its path.", TURNINGS),
    Setting("period", "Length of the loop; 0: the motion's own, or none.", 0.0, 0.0, 1e4, "knots"),
    Setting("octaves", "Finer and finer walks on top of a walk.", 1.0, 1.0, 6.0, "", Kind.INT),
    Setting("wander", "How much of a walk is mixed into the path.", 0.0),
    _choice("centre", "What an orbit goes around.", CENTRES),
    Setting("beats", "A knot takes so many beats; 0: its own speed.", 0.0, 0.0, 256.0, "beats"),
    Setting("beat_ratio", "2: double time, 0.5: half time.", 1.0, 0.125, 8.0),
    Setting("drop_key", "Where it is now becomes a key.", kind=Kind.TRIGGER),
    Setting("take_key", "Takes the newest dropped key away.", kind=Kind.TRIGGER),
    Setting("clear_keys", "Takes all dropped keys away.", kind=Kind.TRIGGER),
    Setting("centre_here", "Where it is now becomes the centre of orbits.", kind=Kind.TRIGGER),
    Setting("snap", "Flies to the nearest key, or whole knot.", kind=Kind.TRIGGER),
    Setting("magnet", "How strongly keys draw it when it is near to one.", 0.0),
    Setting("magnet_rad", "How far they reach.", 0.6, 0.01, 1.5, "rad"),
    Setting("snap_rad", "So near to a key it is the key.", 0.0, 0.0, 0.5, "rad"),
    Setting("pad", "How much the pad leads it.", 0.0),
    Setting("pad_x", "On the pad, from the left.", 0.5),
    Setting("pad_y", "On the pad, from the bottom.", 0.5),
    *(
        Setting(f"push_{k + 1}", f"Along random direction {k + 1}, in sigmas.", 0.0, -8.0, 8.0)
        for k in range(PUSHES)
    ),
    Setting("push_seed", "Which random directions.", 0.0, 0.0, 2.0**31, "", Kind.INT),
    Setting("glide_s", "Pads, pushes and directions are half way after it.", 0.2, 0.0, 30.0, "s"),
    Setting("limit", "Holds back what has left its distribution.", 1.0, kind=Kind.BOOL),
    Setting("pace", "Fastest it may turn; 0: no limit.", 0.0, 0.0, 20.0, "rad/s"),
    Setting("ban", "Never again: nothing comes near to where it is now.", kind=Kind.TRIGGER),
    Setting("unban", "Lifts the newest ban.", kind=Kind.TRIGGER),
    Setting("clear_bans", "Lifts all bans.", kind=Kind.TRIGGER),
    Setting("ban_radius", "How near is too near, for the next ban.", 0.35, 0.02, 1.2, "rad"),
    Setting("patina", "Bends it to where it was (1), or away (-1).", 0.0, -1.0, 1.0),
    Setting("patina_s", "Time from visit to visit.", 10.0, 0.1, 3600.0, "s"),
    Setting("even", "How much its speed is evened to the eye; 0: knots per second.", 0.0),
    Setting("change", "Perceived change per second; 0: its speed in knots counts.", high=100.0),
    Setting("invert", "Finds the latent of its picture, which becomes a key.", kind=Kind.TRIGGER),
    Setting("release", "What was dragged goes back to where it was.", kind=Kind.TRIGGER),
    Setting("pull_s", "Time constant of that.", 1.0, 0.02, 600.0, "s"),
)
"""In the order of the registry: append, so that recorded shows keep their places."""

PACING = ("beats", "beat_ratio", "even", "change", "turning", "closed", "period")
"""Those that its speed depends on: effective on every tick, not only when a frame is drawn."""
