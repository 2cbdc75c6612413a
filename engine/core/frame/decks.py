"""Decks of one frame: what is on air, how both are mixed, and a latent that goes between them."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.core.control.cues import values_now
from engine.core.control.recall import fader
from engine.core.control.recall.ways import mix_numbers
from engine.core.frame.layers import Moment, deck_pass, is_there
from engine.core.frame.plan import DECKS, DeckMix, LayerPlan
from engine.core.frame.values import effective
from engine.core.modifiers.travel import has_places, slid
from engine.core.path.model import Now
from engine.core.path.phase import WRAP_KNOTS
from engine.core.show.constants import Asked, needed_by
from engine.core.show.decks import BLACK, CURVES, CUT, LATENT, DeckState
from engine.core.show.layer import Layer
from engine.core.show.show import Show
from engine.core.show.state import Ramp, State
from engine.core.trajectory.chain import coordinates, latent

_SHARP = 0.1
"""Part of the crossfader's way, in its middle, over which its sharp curve changes everything."""


def share(show: Show, values: Sequence[float]) -> float:
    """How much of deck B is on air: 0 only A, 1 only B."""
    decks = show.decks
    assert decks is not None
    x, curve = values[decks.fade], CURVES[int(values[decks.curve])]
    if curve == "smooth":
        x = x * x * (3.0 - 2.0 * x)
    elif curve == "sharp":
        x = min(max((x - 0.5) / _SHARP + 0.5, 0.0), 1.0)
    return float(x >= 0.5) if decks.names[int(values[decks.transition])] == CUT else x


def take(show: Show, state: State, fired: Sequence[int], written: Collection[int]) -> State:
    """Send the crossfader to the other side on a tick, at once or over a time.

    It waits until the generators of the other deck have a picture, as cues do. A hand on the
    crossfader (a place that was `written`) ends the waiting, as it ends a take under way.
    """
    decks, known = show.decks, state.decks
    if decks is None or known is None:
        return state
    if known.awaits and decks.fade in written:
        known = known._replace(awaits=False)
        state = state._replace(decks=known)
    is_cut = decks.cut in fired
    if not (is_cut or decks.take in fired or known.awaits):
        return state
    ramp = next((r for r in state.ramps if r.place == decks.fade), None)
    origin = values_now(show, state)[decks.fade]
    goal = 0.0 if (origin if ramp is None else ramp.goal) >= 0.5 else 1.0
    layers = [layer for layer in show.layers if layer.id in decks.members[int(goal)]]
    if not is_cut and not state.unready.isdisjoint(needed_by(show.layers, layers)):
        return state._replace(decks=known._replace(awaits=True))
    beats = float(state.base[decks.beats])
    time_s = beats * 60.0 / state.transport.bpm if beats > 0.0 else float(state.base[decks.time_s])
    way = Ramp(decks.fade, origin, goal, state.tick, 0.0 if is_cut else time_s, "linear")
    return state._replace(
        ramps=(*(r for r in state.ramps if r.place != decks.fade), way),
        fader=fader.without(state.fader, (decks.fade,)),
        decks=known._replace(awaits=False),
    )


def follow(show: Show, state: State) -> State:
    """Remember on a tick which deck is on air."""
    decks, known = show.decks, state.decks
    assert decks is not None
    assert known is not None
    seconds = state.tick / show.constants.control_hz
    values = effective(show, state, seconds, show.constants.crossing)
    part = share(show, values)  # type: ignore[arg-type]
    if 0.0 < part < 1.0:
        is_latent = decks.names[int(values[decks.transition])] == LATENT
        found = known._replace(is_latent=is_latent)
    else:
        is_there = known.front == int(part)
        is_crossed = known.is_crossed != (known.is_latent and not is_there)
        found = DeckState(int(part), False, is_crossed, known.awaits)
    return state if found == known else state._replace(decks=found)


def hidden(show: Show, state: State, visible: Sequence[Layer]) -> list[Layer]:
    """Layers of the deck that is not, or not alone, on air."""
    assert show.decks is not None
    assert state.decks is not None
    there = show.decks.members[1 - state.decks.front]
    return [layer for layer in visible if layer.id in there]


def on_air(
    show: Show, values: Sequence[float], visible: Sequence[Layer]
) -> tuple[list[Layer], tuple[int, int, int]]:
    """Order the visible layers as they lie; of a deck that is not on air there is none.

    Returns
    -------
    layers, bounds
        Deck A is ``layers[bounds[0]:bounds[1]]``, deck B ``layers[bounds[1]:bounds[2]]``.
    """
    decks = show.decks
    assert decks is not None
    part = share(show, values)
    below: list[Layer] = []
    above: list[Layer] = []
    sides: tuple[list[Layer], list[Layer]] = ([], [])
    beneath = {layer.id for layer in show.layers[: decks.first]}
    for layer in visible:
        side = next((i for i, ids in enumerate(decks.members) if layer.id in ids), -1)
        if side < 0:
            (below if layer.id in beneath else above).append(layer)
        elif part < 1.0 if side == 0 else part > 0.0:
            sides[side].append(layer)
    start, middle = len(below), len(below) + len(sides[0])
    return [*below, *sides[0], *sides[1], *above], (start, middle, middle + len(sides[1]))


def mix(
    show: Show, state: State, values: Sequence[float], moment: Moment, bounds: tuple[int, int, int]
) -> DeckMix | None:
    """Say how both decks are mixed; None if they lie on nothing and only one is on air.

    A layer of a deck is then drawn as if there were no decks: a canvas of its own, laid on an empty
    one, is the same picture.
    """
    decks = show.decks
    assert decks is not None
    part, number = share(show, values), int(values[decks.transition])
    name = decks.names[number]
    if not 0.0 < part < 1.0 and bounds[0] == 0:
        return None
    light = cover = 1.0 - part, part
    if name == BLACK:
        light = max(1.0 - 2.0 * part, 0.0), max(2.0 * part - 1.0, 0.0)
    elif name != LATENT and CURVES[int(values[decks.curve])] == "power":
        light = cover = math.cos(0.5 * math.pi * part), math.sin(0.5 * math.pi * part)
    effect = dict(decks.effects).get(number) if 0.0 < part < 1.0 else None
    between: LayerPlan | None = None
    if effect is not None and is_there(state, effect):
        drawn = deck_pass(show, state, effect, values, moment)
        drawn = drawn._replace(uniforms={**drawn.uniforms, "progress": part})
        aspect = show.size_px[0] / show.size_px[1]
        between = LayerPlan(DECKS, None, None, (drawn,), "normal", 1.0, aspect, 1.0, False)
    return DeckMix(*bounds, light, cover, between)


class Serving(NamedTuple):
    """What the worker of a layer draws: layer `a`, or the latent at `part` between it and `b`."""

    a: str
    b: str = ""
    part: float = 0.0


def serving(show: Show, state: State, values: Sequence[float]) -> Mapping[str, Serving]:
    """What the workers of pairs draw, by the layer whose worker it is."""
    decks, known = show.decks, state.decks
    if decks is None or known is None or not decks.pairs:
        return {}
    part, found = share(show, values), {}
    is_between = 0.0 < part < 1.0 and decks.names[int(values[decks.transition])] == LATENT
    partners = crossed(show, state, values)
    for pair in decks.pairs:
        found.update({partners.get(layer, layer): Serving(layer) for layer in pair})
        if is_between:
            front = pair[known.front]
            found[partners.get(front, front)] = Serving(*pair, part)
    return found


def crossed(show: Show, state: State, values: Sequence[float]) -> Mapping[str, str]:
    """Layers whose workers have changed places, each with its partner.

    After a whole latent crossfade the worker that went there goes on drawing what is seen.
    """
    decks, known = show.decks, state.decks
    if decks is None or known is None or not decks.pairs:
        return {}
    part = share(show, values)
    is_there = 0.0 < part < 1.0 or int(part) == known.front
    if known.is_crossed == (known.is_latent and not is_there):
        return {}
    return {name: other for a, b in decks.pairs for name, other in ((a, b), (b, a))}


def wired(plans: tuple[LayerPlan, ...], served: Mapping[str, Serving]) -> tuple[LayerPlan, ...]:
    """Let each layer of a pair show the pixels of the worker that draws it."""
    if not served:
        return plans
    workers = {serving.a: worker for worker, serving in served.items() if not serving.b}
    for worker, serving in served.items():
        if serving.b:
            workers |= dict.fromkeys((serving.a, serving.b), worker)
    return tuple(
        plan._replace(generator=workers.get(plan.generator, plan.generator))
        if plan.generator
        else plan
        for plan in plans
    )


def between(
    show: Show, state: State, now: Now, ends: tuple[Asked, Asked], part: float
) -> tuple[dict[str, NDArray[np.float32]], dict[str, float]]:
    """Latents and parameters at a part of the way between two layers of one generator.

    Latents go the shortest way in coordinates, as each port's geometry has it; words and switches
    change half way.
    """
    a, b = ends
    latents = {}
    for i, (path, other, shape) in enumerate(zip(a.paths, b.paths, a.shapes, strict=True)):
        states = state.paths[a.first + i], state.paths[b.first + i]
        if has_places(path):
            points = [
                coordinates(p, s, now).reshape(-1, p.size)
                for p, s in zip((path, other), states, strict=True)
            ]
            rows = [slid(path, x, y, part) for x, y in zip(*points, strict=True)]
            found = np.array(rows).reshape(path.shape)
            found = found if path.chart is None else path.chart.decode(found)
        else:
            found = _phase(latent(path, states[0], now), latent(other, states[1], now), part)
        latents[path.port] = found.astype(np.float32).reshape(shape)
    controls = {}
    for (name, here), (_, there) in zip(a.places, b.places, strict=True):
        x, y = now.values[here], now.values[there]
        if show.discrete[here]:
            controls[name] = y if part >= 0.5 else x
        else:
            controls[name] = mix_numbers(x, y, part, here in show.constants.exponential)
    return latents, controls


def _phase(a: NDArray[np.float64], b: NDArray[np.float64], part: float) -> NDArray[np.float64]:
    """Go the shorter way round from one phase to another."""
    way = np.remainder(b - a + 0.5 * WRAP_KNOTS, WRAP_KNOTS) - 0.5 * WRAP_KNOTS
    return np.remainder(a + part * way, WRAP_KNOTS)
