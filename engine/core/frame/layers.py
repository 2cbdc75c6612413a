"""Layers of one frame: their shaders with inputs, in order, and the master's over them all."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from engine.core.frame.links import steps_back
from engine.core.frame.plan import DECKS, MASTER, LayerPlan, Pass, Uniform
from engine.core.isf.turns import PREFIX
from engine.core.show.layer import BLENDS, WRAP_S, Effect, Input, Layer
from engine.core.show.placing import placing_of
from engine.core.show.show import Show
from engine.core.show.state import SHADER, State

STEP_SLACK = 1e-6
"""Of a picture step: n / fps in float64 must not fall just short of its own step."""


class Moment(NamedTuple):
    """Seconds of motion, the newest picture step, the newest one seen before it, and the date."""

    motion_s: float
    step: int
    seen: int
    date: tuple[float, float, float, float] | None = None


def layer_plan(
    show: Show, state: State, layer: Layer, values: Sequence[float], moment: Moment
) -> LayerPlan:
    """Plan a layer; `values` are the effective ones of every parameter."""
    active = _active(state, layer.effects, values)
    source = layer.source if layer.source and is_there(state, layer.source) else None
    return LayerPlan(
        id=layer.id,
        generator=layer.uses,
        source=_pass(show, state, layer.id, source, values, moment) if source else None,
        effects=tuple([_pass(show, state, layer.id, e, values, moment) for e in active]),
        blend=BLENDS[int(values[layer.blend])],
        opacity=values[layer.opacity],
        aspect=layer.aspect or show.size_px[0] / show.size_px[1],
        scale=values[layer.scale],
        is_stepped=_is_stepped((source, *active)),
        placing=placing_of(values, layer.placing),
        is_display=values[layer.space] >= 0.5,
        group=layer.group,
        is_group=layer.is_group,
        rank=layer.rank,
        upscale=layer.upscale,
        render_scale=layer.render_scale,
        is_sharp=layer.writing is not None or layer.is_group,
    )


def is_there(state: State, effect: Effect) -> bool:
    """Whether an effect's shader may be drawn: a performance does not wait for all of them."""
    return not state.unready or SHADER + effect.shader not in state.unready


def _active(state: State, effects: Iterable[Effect], values: Sequence[float]) -> list[Effect]:
    """Effects that do something now."""
    return [
        e
        for e in effects
        if (e.mix < 0 or values[e.mix] > 0.0)
        and (e.bypass < 0 or values[e.bypass] < 0.5)
        and is_there(state, e)
        and not (e.rests and all(values[place] == value for place, value in e.rests))
    ]


def visible_layers(show: Show, values: Sequence[float]) -> list[Layer]:
    """Layers that are seen: neither transparent nor muted, nor is a group in which they lie.

    Where layers are solo, only these are seen, what lies in them, and the groups around them.
    """
    seen = [x for x in show.layers if values[x.opacity] > 0.0 and values[x.mute] < 0.5]
    solo = {x.id for x in show.layers if values[x.solo] >= 0.5}
    if not solo and not show.constants.is_grouped:
        return seen
    layers, there = show.constants.layers, {x.id for x in seen}
    around = {x.id: _around(x, layers) for x in seen}
    if solo:
        open_ = solo.union(*(around.get(name, ()) for name in solo))
        there = {name for name in there if name in open_ or not solo.isdisjoint(around[name])}
    return [x for x in seen if x.id in there and there.issuperset(around[x.id])]


def members(show: Show, values: Sequence[float], group: str) -> list[Layer]:
    """Layers that lie in a group and are neither transparent nor muted."""
    return [
        x
        for x in show.layers
        if x.group == group and values[x.opacity] > 0.0 and values[x.mute] < 0.5
    ]


def _around(layer: Layer, layers: Mapping[str, Layer]) -> list[str]:
    """Groups in which a layer lies, the innermost first."""
    found = []
    while layer.group:
        found.append(layer.group)
        layer = layers[layer.group]
    return found


def _is_stepped(effects: Iterable[Effect | None]) -> bool:
    return any(e and (e.has_history or any(map(steps_back, e.images.values()))) for e in effects)


def master_chain(
    show: Show, state: State, values: Sequence[float], moment: Moment
) -> tuple[LayerPlan, ...]:
    """The master's effects that are not bypassed, as one layer over the whole canvas."""
    active = _active(state, show.master.effects, values)
    if not active:
        return ()
    passes = tuple(_pass(show, state, MASTER, e, values, moment) for e in active)
    aspect = show.size_px[0] / show.size_px[1]
    return (LayerPlan(MASTER, None, None, passes, "normal", 1.0, aspect, 1.0, _is_stepped(active)),)


def deck_pass(
    show: Show, state: State, effect: Effect, values: Sequence[float], moment: Moment
) -> Pass:
    """Plan the shader that leads from one deck to the other."""
    return _pass(show, state, DECKS, effect, values, moment)


def _pass(
    show: Show,
    state: State,
    owner: str,
    effect: Effect,
    values: Sequence[float],
    moment: Moment,
) -> Pass:
    uniforms = {
        i.name: values[i.places[0]]
        if i.type == "float"
        else _uniform(show, state, i, values, moment)
        for i in effect.inputs
    }
    if state.turns:
        for item in effect.inputs:
            if item.round_s:  # both as they hold since the tick: they belong together
                turn = state.turns[show.constants.turning.index((item.places[0], item.round_s))]
                if turn.rate is not None:
                    uniforms[item.name] = int(turn.rate)
                    uniforms[PREFIX + item.name] = turn.shift
    return Pass(
        key=f"{owner}/{effect.id}",
        shader=effect.shader,
        uniforms=uniforms,
        images=effect.images,
        seconds=moment.motion_s % WRAP_S,
        step=moment.step % (1 << 24),
        mix=values[effect.mix] if effect.mix >= 0 else 1.0,
        date=moment.date,
    )


def _uniform(
    show: Show, state: State, entry: Input, values: Sequence[float], moment: Moment
) -> Uniform:
    """Value of an ISF input in the type that its shader declares."""
    place = entry.places[0]
    if entry.type in ("color", "point2D"):
        return tuple(values[p] for p in entry.places)
    if entry.type == "bool":
        return values[place] >= 0.5
    if entry.type == "long":
        index = int(values[place])
        return entry.values[index] if entry.values else index
    if entry.type == "event":
        tick = state.fired.get(place)
        if tick is None:
            return False
        first = tick / show.constants.control_hz * show.constants.picture_hz
        return moment.seen < math.ceil(first - STEP_SLACK) <= moment.step
    return values[place]
