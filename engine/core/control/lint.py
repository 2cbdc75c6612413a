"""What is wrong with the routes and macros of a show: dead ones, fighting ones, clipped ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from engine.core.curves import CURVES
from engine.core.show.controls import Route
from engine.core.show.reach import Movers
from engine.core.show.show import Show

Span = tuple[float, float]
"""Smallest and largest."""


class Finding(NamedTuple):
    """One thing that was found: `kind` is ``dead``, ``fighting`` or ``clipped``.

    Parameters
    ----------
    is_wrong
        Whether it does nothing as the show is written, or undoes another; else it is advice.
    where
        Keys of the show file, as its errors name them.
    """

    kind: str
    is_wrong: bool
    where: str
    text: str


def lint(show: Show) -> list[Finding]:
    """Look through what moves the parameters of a show, without playing it."""
    movers = Movers(show.routes, show.macros, show.lfos, show.modulators)
    still = _still(show)
    by_target: dict[int, list[int]] = {}
    for link in movers.order:
        by_target.setdefault(movers.target(link), []).append(link)
    found = [*_unheard(show), *_dead_routes(show, still)]
    for target, links in by_target.items():
        found += _fighting(show, target, links)
        found += _clipped(show, target, links)
    return [*found, *_unseen(show, by_target)]


def _name(show: Show, link: int) -> str:
    """Where a link is written."""
    own = len(show.routes)
    if link < own:
        return f"routes[{link}]"
    macro = show.macros[link - own]
    address = show.registry.parameters[macro.macro].address
    return f"macros.{address.removeprefix('/macro/')}"


def _still(show: Show) -> set[int]:
    """Places of the signals that never move, whatever is played."""
    still = {o.signal for o in show.lfos if o.wave == "square" and o.width in (0.0, 1.0)}
    for mod in show.modulators:
        low, high = _own_span(show, mod.signal) or (0.0, 1.0)
        is_deaf = mod.kind.name == "expression" and not mod.hears
        is_fed = not mod.hears or not still.issuperset(mod.hears)
        if low == high or is_deaf or not is_fed or (mod.kind.name == "brownian" and not mod.data):
            still.add(mod.signal)
    return still


def _own_span(show: Show, signal: int) -> Span | None:
    """Between which numbers a signal goes; None: nobody knows."""
    name = show.signals[signal]
    if name.startswith("lfo/") or name.endswith(("/phase", "/pulse")):
        return 0.0, 1.0
    for mod in show.modulators:
        if mod.signal != signal:
            continue
        kind = mod.kind.name
        if kind in ("sequence", "breakpoints"):
            values = mod.data[0] if kind == "sequence" else mod.data[1]
            return min(values), max(values)
        if kind == "counter":
            modulo = show.registry.parameters[mod.settings[0][0]].default
            return 0.0, modulo - 1.0
        if kind in ("adsr", "brownian", "logic"):
            return 0.0, 1.0
    return None


def _shaped(show: Show, route: Route) -> Span:
    """Between which numbers a route's signal is once it is mapped and shaped."""
    low, high = _own_span(show, route.signal) or (route.low, route.high)
    ends = [min(max((x - route.low) / (route.high - route.low), 0.0), 1.0) for x in (low, high)]
    a, b = sorted(CURVES[route.curve](y) for y in ends)
    return a, b


def _unheard(show: Show) -> Iterator[Finding]:
    heard = {r.signal for r in show.routes}.union(*(mod.hears for mod in show.modulators))
    names = {lfo.signal: f"lfos.{lfo.id}" for lfo in show.lfos}
    names |= {mod.signal: f"modulators.{mod.id}" for mod in show.modulators}
    names |= {i: f"signals.{n}" for i, n in enumerate(show.signals)
              if "/" not in n}  # fmt: skip
    for signal, where in names.items():
        if signal not in heard:
            yield Finding("dead", False, where, "no route and no modulator hears it")


def _dead_routes(show: Show, still: Collection[int]) -> Iterator[Finding]:
    for i, route in enumerate(show.routes):
        name, where = show.signals[route.signal], f"routes[{i}]"
        if route.depth == 0.0 and route.depth_place < 0 and route.mode in ("add", "multiply"):
            yield Finding("dead", True, where, "its depth is 0, and without an id nobody plays it")
        if route.signal in still:
            yield Finding("dead", True, where, f"{name} never moves")
            continue
        span = _own_span(show, route.signal)
        low, high = sorted((route.low, route.high))
        if span and (span[1] <= low or span[0] >= high):
            text = f"{name} goes from {span[0]:g} to {span[1]:g}, all of it outside the range"
            yield Finding("dead", True, where, text)
        elif span and (span[0] < low or span[1] > high):
            text = f"{name} goes from {span[0]:g} to {span[1]:g}, its range is {low:g} to {high:g}"
            yield Finding("clipped", False, where, text)
        for lfo in show.lfos:
            if lfo.signal == route.signal and _rests(show, lfo.rate) and lfo.beats <= 0.0:
                text = f"{name} stands still until somebody raises /lfo/{lfo.id}/rate_hz"
                yield Finding("dead", False, where, text)


def _goals(show: Show, place: int) -> dict[str, float]:
    """What cues set a parameter to, by their IDs."""
    return {cue.id: dict(cue.targets)[place] for cue in show.cues if place in dict(cue.targets)}


def _rests(show: Show, place: int) -> bool:
    """Whether a parameter stands at 0, and nothing in the show raises it."""
    is_raised = any(goal > 0.0 for goal in _goals(show, place).values())
    return not (
        show.registry.parameters[place].default > 0.0
        or is_raised
        or place in show.constants.targets
    )


def _fighting(show: Show, target: int, links: list[int]) -> Iterator[Finding]:
    """What is replaced: links that enter before, and what cues set."""
    address = show.registry.parameters[target].address
    modes = [_mode(show, link) for link in links]
    if "replace" not in modes:
        return
    last = len(modes) - 1 - modes[::-1].index("replace")
    winner = _name(show, links[last])
    for link in links[:last]:
        text = f"{winner} replaces {address} after it: nothing of this is seen"
        yield Finding("fighting", True, _name(show, link), text)
    if cues := list(_goals(show, target)):
        text = f"it replaces {address}, which is also set by the cue {', '.join(cues[:5])}"
        yield Finding("fighting", True, winner, text)


def _mode(show: Show, link: int) -> str:
    own = len(show.routes)
    return show.routes[link].mode if link < own else show.macros[link - own].mode


def _entered(show: Show, link: int, base: Span) -> Span:
    """Between which numbers a parameter is once a link has entered it."""
    own, (low, high) = len(show.routes), base
    if link < own:
        route = show.routes[link]
        ends = _shaped(show, route)
        mode = route.mode
        numbers = [1.0 + route.depth * (y - 1.0) if mode == "multiply" else route.depth * y
                   for y in ends]  # fmt: skip
    else:
        macro = show.macros[link - own]
        mode, numbers = macro.mode, [macro.low, macro.high]
    a, b = sorted(numbers)
    if mode == "replace":
        return a, b
    if mode == "add":
        return low + a, high + b
    if mode == "max":
        return max(low, a), max(high, b)
    products = [x * y for x in base for y in (a, b)]
    return min(products), max(products)


def _clipped(show: Show, target: int, links: list[int]) -> Iterator[Finding]:
    """How far a parameter would leave its range, from where the show and its cues set it."""
    parameter = show.registry.parameters[target]
    bases = dict.fromkeys([parameter.default, *_goals(show, target).values()])
    reached: dict[float, Span] = {}
    for base in bases:
        span = (base, base)
        for link in links:
            span = _entered(show, link, span)
        reached[base] = span
    where = ", ".join(dict.fromkeys(_name(show, link) for link in links))
    ends = {base: tuple(min(max(end, parameter.low), parameter.high) for end in span)
            for base, span in reached.items()}  # fmt: skip
    if show.discrete[target]:
        ends = {base: tuple(map(round, span)) for base, span in ends.items()}
    moves = any(low != high for low, high in reached.values())
    if moves and all(low == high for low, high in ends.values()):
        why = (
            "too little to change a whole number"
            if show.discrete[target]
            else (f"all of it outside {parameter.low:g} to {parameter.high:g}")
        )
        low, high = reached[parameter.default]
        text = f"{parameter.address} would go from {low:g} to {high:g}: {why}"
        yield Finding("dead", True, where, text)
        return
    over = {base: max(high - parameter.high, parameter.low - low)
            for base, (low, high) in reached.items()}  # fmt: skip
    base = max(over, key=over.__getitem__)
    if over[base] > 1e-9 * max(1.0, abs(parameter.high)):
        low, high = reached[base]
        lost = over[base] / (high - low) if high > low else 1.0
        text = (
            f"from {base:g}, {parameter.address} would go from {low:g} to {high:g}: "
            f"it ends at {parameter.low:g} and {parameter.high:g}, "
            f"{min(lost, 1.0):.0%} of the way is lost"
        )
        yield Finding("clipped", False, where, text)


def _borrowed(show: Show) -> set[str]:
    """Layers that others show, or that a shader or a generator sees."""
    found = {layer.uses or "" for layer in show.layers if layer.uses != layer.id}
    shaders = [e for layer in show.layers for e in (layer.source, *layer.effects) if e]
    named = {name for e in (*shaders, *show.master.effects) for name in e.images.values()}
    named |= {view.of for ports in show.constants.image_inputs.values() for _, view, _ in ports}
    return found | {name.removeprefix("layer:") for name in named}


def _unseen(show: Show, by_target: Mapping[int, list[int]]) -> Iterator[Finding]:
    """What moves a layer or an effect that stands at 0, and that nothing in the show raises."""
    seen = _borrowed(show)
    for layer in show.layers:
        hidden = (
            {}
            if layer.id in seen or not _rests(show, layer.opacity)
            else {f"/layer/{layer.id}/": layer.opacity}
        )
        hidden |= {f"/layer/{layer.id}/effect/{e.id}/": e.mix for e in layer.effects
                   if e.mix >= 0 and _rests(show, e.mix)}  # fmt: skip
        for root, place in hidden.items():
            raised = show.registry.parameters[place].address
            for target, links in by_target.items():
                address = show.registry.parameters[target].address
                if address.startswith(root) and target != place:
                    text = f"nobody sees {address} until somebody raises {raised}"
                    yield Finding("dead", False, _name(show, links[0]), text)
