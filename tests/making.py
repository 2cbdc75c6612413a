"""Shows and stretches of time for tests: TOML in, plans out, without files, clocks or pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from engine.core.event import Event, Value
from engine.core.frame.advance import advance
from engine.core.frame.plan import Plan
from engine.core.latent.geometry import Vector
from engine.core.latent.manifold import SHELL
from engine.core.latent.seeds import seed_key
from engine.core.latent.spline import at, spline
from engine.core.show.show import Show
from engine.core.show.state import State, first_state
from engine.documents.show import load
from engine.play.line import Line

GLOW = """/*{"ISFVSN": "2", "INPUTS": [
  {"NAME": "inputImage", "TYPE": "image"},
  {"NAME": "amount", "TYPE": "float", "DEFAULT": 0.5, "MIN": 0, "MAX": 1},
  {"NAME": "tint", "TYPE": "color", "DEFAULT": [1, 1, 1, 1]},
  {"NAME": "centre", "TYPE": "point2D", "DEFAULT": [0.5, 0.5], "MIN": [0, 0], "MAX": [1, 1]},
  {"NAME": "mode", "TYPE": "long", "VALUES": [3, 5, 9], "LABELS": ["a", "b", "c"], "DEFAULT": 5},
  {"NAME": "soft", "TYPE": "bool", "DEFAULT": true},
  {"NAME": "flash", "TYPE": "event"}],
 "PASSES": [{"TARGET": "trail", "PERSISTENT": true}, {}]}*/
void main() {
    if (PASSINDEX == 0) {
        vec4 old = IMG_NORM_PIXEL(trail, (isf_FragNormCoord - centre) * 0.995 + centre);
        gl_FragColor = max(IMG_THIS_PIXEL(inputImage), old * exp2(-TIMEDELTA / 0.5));
    } else {
        vec4 c = mix(IMG_THIS_PIXEL(inputImage), IMG_THIS_PIXEL(trail), amount) * tint;
        gl_FragColor = vec4(c.rgb * (float(mode) / 5.0) + (flash ? 0.25 : 0.0), 1.0);
    }
}
"""

FORM = """
[[layers]]
id = "form"
[layers.generator]
kind = "cppn"
size_px = 64
film_px = 64
[[layers.effects]]
id = "glow"
shader = "glow"
"""


def read_show(text: str = "", control_hz: str = "120") -> Show:
    """Make a show of one CPPN layer with one effect, and what else the text says."""
    whole = f'schema = 1\ncontrol_hz = "{control_hz}"\n{text}'
    if "[[layers]]" not in text:
        whole += FORM
    return load.read(whole, "test", lambda name: GLOW)[0]


def run(
    show: Show,
    ticks: int,
    events: Iterable[tuple[int, str, Value]] = (),
    state: State | None = None,
) -> State:
    """Advance a show to a tick; the events are (tick, address, value)."""
    found = first_state(show) if state is None else state
    listed = list(events)
    for tick in range(found.tick + 1, ticks + 1):
        now = [Event(t, a, v, "test", i) for i, (t, a, v) in enumerate(listed) if t == tick]
        found = advance(show, found, tick, now)
    return found


def base(show: Show, state: State, address: str) -> float:
    """Value of a parameter before ramps and routes."""
    return float(state.base[show.registry.index[address]])


def line_of(show: Show) -> Line:
    """Make a line at the beginning of a show."""
    return Line(show, first_state(show), -1, {})


def film(
    show: Show,
    frames: Iterable[Fraction],
    events: Mapping[int, Sequence[Event]] | None = None,
) -> tuple[list[Plan], list[Plan]]:
    """Play a show at frame times; return the plans of its steps and of its frames."""
    line = line_of(show)
    steps: list[Plan] = []
    plans: list[Plan] = []
    for seconds in frames:
        steps += line.control(seconds, lambda tick: (events or {}).get(tick, ()))
        plans.append(line.plan(seconds))
    return steps, plans


def frames_at(fps: int | Fraction, seconds: float) -> list[Fraction]:
    """Times of the frames of a stretch."""
    rate = Fraction(fps)
    return [Fraction(n) / rate for n in range(int(seconds * rate) + 1)]


def latent(plan: Plan, layer: str = "form", port: str = "z"):
    """Latent that a plan asks for."""
    return plan.requests[layer].latents[port]


def loop_of(seeds: Sequence[int], phase: float, size: int) -> Vector:
    """Place on a closed spline through the keys of seeds [shape=(size,)]."""
    return at(spline(SHELL, [seed_key(seed, size) for seed in seeds]), phase)
