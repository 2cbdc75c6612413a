"""Play live: the frame line against the wall clock. The one place that catches what goes wrong."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from engine.core.clock import seconds_at

if TYPE_CHECKING:
    pass
import gc
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from fractions import Fraction
from functools import partial

from engine.compositor.compose import Compositor
from engine.core.clock import parse_rate
from engine.core.control.cues import awaited, ready_address
from engine.core.frame.plan import Plan
from engine.core.show.show import Show
from engine.core.show.state import first_state
from engine.documents.show import load
from engine.play.intake import Intake
from engine.play.line import Line, draw, load_shaders, resized, seeded
from engine.play.live.feedback import Feedback
from engine.play.live.listening import Hearing
from engine.play.live.options import Options
from engine.play.live.presenter import Stage, open_stage
from engine.play.live.recording import Memory
from engine.play.live.reload import Reloader
from engine.play.pacer import Due, Pacer, Stopwatch, now_ns
from engine.play.pixels.bridge import Bridge
from engine.play.pixels.live import LivePixels
from engine.play.stats import Figures
from engine.play.tasks.dragging import Grabbing
from engine.play.tasks.even_speed_live import Evening
from engine.play.tasks.inversion import Inverting
from engine.play.tasks.tasks import Duty, Errands
from engine.sources.osc import receiver
from engine.system.atomic import check_writable, write_json
from engine.system.interrupts import Interrupt, heeded


def ready(player: Player) -> dict[str, Any]:
    """What a script that started us wants to know."""
    return {
        "pid": os.getpid(),
        "osc": {"host": player.host, "port": player.osc.port},
        "ports": {"osc": player.osc.port},
        "workers": {name: stats["pid"] for name, stats in player.pixels.stats().items()},
    }


def facts(player: Player) -> dict[str, Any]:
    """What the help panel shows."""
    state = player.line.state
    show = player.line.show
    return {
        "show": show.name,
        "cue": show.cues[state.cue].id if state.cue >= 0 else "",
        "seconds": float(seconds_at(max(state.tick, 0), show.control_hz)),
        "fps": float(player.fps),
        "frame_ms": player.figures.recent_ms(),
        "skipped": player.figures.skipped,
        "bpm": state.transport.bpm,
        "generators": player.pixels.stats(),
        "sound": player.hearing.state,
        "osc": f"{player.host}:{player.osc.port}",
    }


def report(player: Player) -> dict[str, Any]:
    """Everything the stats file holds."""
    return {
        **player.figures.report(player.duration_s, float(player.fps), player.watch.total_ms),
        "output": player.stage.name,
        "size_px": list(player.line.show.size_px),
        "ticks": player.line.state.tick + 1,
        "generators": player.pixels.stats(),
        "errands": player.errands.report(),
        "osc": {
            "received": player.osc.received,
            "dropped": player.osc.dropped,
            "refused": player.osc.refused + player.intake.refused,
            "unknown": dict(player.intake.unknown),
            "unknown_total": player.intake.unknown_total,
        },
        "sound": player.hearing.state,
        "take": player.memory.report(),
        "gl": player.stage.gl,
    }


def duties(pixels: LivePixels, say: Callable[[str], None]) -> list[Duty]:
    """Make the duties of a performance, in the order in which they are tended."""
    return [Evening(pixels.newest.get, say), Inverting(pixels.newest.get, say), Grabbing(say)]


__all__ = ["Options", "Player", "play"]

DRAIN = 256
"""Most OSC messages taken in one frame; what is beyond waits, and the kernel drops."""
MOST_STEPS = 4
COMPLAIN_EVERY = 30
FIRST_FRAME_S = 8.0


def say(text: str) -> None:
    """Tell the operator, in the terminal."""
    with suppress(OSError, ValueError):  # nobody may be reading any more
        print(text, file=sys.stderr, flush=True)


class Player:
    """A performance: opens everything, draws until it is told to stop, closes everything."""

    def __init__(self, options: Options, stack: ExitStack) -> None:
        self.options = options
        self.interrupt: Interrupt = stack.enter_context(heeded())
        self._last_error = ""
        self._waiting = ""
        for path in filter(None, (options.stats, options.ready)):
            check_writable(path)
        self.loaded = load.load(options.show)
        table = self.loaded.table
        show = self.arrange(self.loaded.show)
        self.fps = options.fps or parse_rate(table.output.fps)
        self.stage: Stage = open_stage(options, table, show, self.fps, stack)
        self.compositor = Compositor(self.stage.ctx, show.size_px, float(show.picture_hz))
        stack.callback(self.compositor.close)
        self.bridge = Bridge(self.stage.ctx)
        self.pixels = LivePixels(self.bridge, options.device)
        stack.callback(self.pixels.close)
        found = self.pixels.share_cuda(self.stage.ctx)
        if self.pixels.path != "numpy":
            say(found)
        self.line = Line(show, first_state(show), -1, {})
        self.line.on_show = self.pixels.keep
        self.intake = Intake()
        self.host, port = receiver.parse_endpoint(options.osc)
        self.osc = stack.enter_context(receiver.open(receiver.Config(self.host, port), now_ns))
        if self.osc.warning:
            say(self.osc.warning)
        self.feedback = None
        if options.feedback is not None:
            self.feedback = Feedback(options.feedback)
            stack.callback(self.feedback.close)
        self.hearing: Hearing = stack.enter_context(Hearing(options, self.say))
        self.memory: Memory = stack.enter_context(
            Memory(options, self.loaded, show, self.fps, self.hearing, self.say)
        )
        self.line.on_tick = self.memory.tick
        self.reloader = Reloader(self.loaded)
        stack.callback(self.reloader.close)
        self.errands = Errands(self.pixels.host, self.say, duties(self.pixels, self.say))
        self.figures = Figures()
        self.watch = Stopwatch()
        self.pacer = Pacer(self.fps)
        self.is_over = False
        self.duration_s = 0.0
        self._picture: Any = None

    def arrange(self, show: Show) -> Show:
        """Apply the command line's seed and size to a show, also to a reloaded one."""
        return resized(seeded(show, self.options.seed), self.options.size_px or show.size_px)

    def say(self, text: str) -> None:
        """Tell the operator, in the terminal and on the window."""
        say(text)
        self.stage.toast(text)

    def prepare(self) -> None:
        """Compile, start the workers and wait a little for the first frame: nothing moves yet."""
        first = self._look_ahead()
        self.pixels.open(self.line.show, first.requests, time.monotonic())
        load_shaders(self.compositor, self.line.show)
        until = time.monotonic() + FIRST_FRAME_S
        while not (self.pixels.is_ready(first) or self.is_ended or time.monotonic() > until):
            self.pixels.ask(self.line.show, self._ahead.state, first, time.monotonic())
            self.stage.idle()
            time.sleep(0.004)
            if self._complain():
                break
        # What a driver does at the first drawing, it does before the clock starts; and a full
        # collection with a scene's worth of objects costs frames: what is here stays.
        with self._unfailing():
            draw(self.compositor, self.pixels, (), first)
            self.stage.ctx.finish()
        gc.collect()
        gc.freeze()

    @contextmanager
    def _unfailing(self) -> Iterator[None]:
        """Keep the last good picture up, whatever happens, and say what did."""
        try:
            yield
            self._last_error = ""
        except Exception as error:  # noqa: BLE001 - drivers, generators, bugs: the show goes on
            text = f"the picture stands still: {type(error).__name__}: {error}"
            if text != self._last_error:
                self.say(text)
            self._last_error = text
            with suppress(Exception):
                self.stage.again(self._picture)

    def _complain(self) -> bool:
        """Tell what generators say is wrong; true if one cannot work at all."""
        for text in self.pixels.complaints():
            self.say(text)
        return self.pixels.is_failed

    @property
    def is_ended(self) -> bool:
        """Whether somebody quit, here or from outside."""
        return self.is_over or self.interrupt.is_asked

    def _look_ahead(self) -> Plan:
        """Plan of the first frame, from a copy of the line."""
        self._ahead = Line(self.line.show, self.line.state, -1, {})
        self._ahead.control(Fraction(0), lambda _: ())
        return self._ahead.plan(Fraction(0))

    def run(self) -> None:
        """Draw frame after frame until the time is over or somebody quits."""
        self.prepare()
        self.hearing.start(self.intake, self.line.show.control_hz)
        self.pacer = Pacer(self.fps)
        begin = time.monotonic()
        while not self.is_ended:
            due = self.pacer.wait()
            self.duration_s = time.monotonic() - begin
            started = time.perf_counter()
            seconds = Fraction(due.index) / self.fps
            if self.options.duration_s is not None and seconds >= self.options.duration_s:
                break
            with self._unfailing():
                self._frame(due, seconds)
            self.figures.add((time.perf_counter() - started) * 1000.0, due.skipped)
            if self.figures.frames == 1 and self.options.ready is not None:
                with self._unfailing():
                    write_json(self.options.ready, ready(self))
        self.duration_s = max(self.duration_s, float(1 / self.fps))

    def _frame(self, due: Due, seconds: Fraction) -> None:
        self.watch.start()
        now_s = time.monotonic()
        if due.jump_s:
            self._jump(due.jump_s)
        self._listen(now_s)
        self._tell_ready(self.line.show)
        self.watch.lap("events")
        steps = self.line.control(seconds, self.intake.events_of)
        plan = self.line.plan(seconds)
        self._tell_waiting()
        self.watch.lap("control")
        self.pixels.ask(self.line.show, self.line.state, plan, now_s)
        self.watch.lap("generators")
        self.figures.steps_dropped += max(len(steps) - MOST_STEPS, 0)
        picture = draw(self.compositor, self.pixels, steps[-MOST_STEPS:], plan, self.watch)
        self._picture = picture
        self.stage.show(due.index, picture, partial(facts, self))
        self.watch.lap("output", True)
        self.memory.sound(self.intake, seconds)
        self.watch.lap("take")

    def _jump(self, gap_s: float) -> None:
        """Give up a long gap: the show clock stood still, and the take says so."""
        rate = self.line.show.control_hz
        ticks = round(gap_s * float(rate))
        self.figures.jumps_s += gap_s
        self.intake.jump(ticks)
        self.hearing.jump(ticks / rate)
        self.intake.add(self.line.state.tick + 1, "/clock/jump", float(gap_s), "clock")

    def _tell_ready(self, show: Show) -> None:
        """Let the show know which generators have a picture: cues wait for them."""
        for name, is_ready in self.pixels.news(show):
            tick = self.line.state.tick + 1
            self.intake.add(tick, ready_address(name), int(is_ready), "host")

    def _tell_waiting(self) -> None:
        """Tell the operator why a cue that was given does not begin."""
        show, state = self.line.show, self.line.state
        waiting = ", ".join(show.cues[index].id for index, _ in state.awaiting)
        if waiting and waiting != self._waiting:
            layers = ", ".join(sorted(awaited(show, state)))
            self.say(f"cue {waiting} waits for the first picture of layer {layers}")
        self._waiting = waiting

    def _listen(self, now_s: float) -> None:
        """Drain every source, bounded, and see to reloads."""
        show, tick = self.line.show, self.line.state.tick
        of = self.pacer.show_seconds
        heard = self.osc.poll(DRAIN)
        self.intake.take(show, tick, "osc", heard, of)
        if self.feedback is not None:
            arrived = (address for _, address, _ in heard)
            self.feedback.send(show, self.line.state, arrived)
        self.intake.take(show, tick, "sound", self.hearing.poll(now_s), of)
        hands = self.stage.hands(show, self.line.state, now_s)
        moment = now_ns()
        self.intake.take(show, tick, "window", [(moment, a, v) for a, v in hands.events], of)
        for act in hands.acts:
            self._act(act)
        found = self.reloader.poll(show, now_s)
        if isinstance(found, str):
            self.say(found)
        elif found is not None:
            self._reload(found)
        self.memory.tend(self.say)
        self.errands.tend(show, self.line.state, now_s, self.intake)
        if self.figures.frames % COMPLAIN_EVERY == 0:
            self._complain()

    def _act(self, act: str) -> None:
        if act == "quit":
            self.is_over = True
        elif act == "keep":
            self.memory.keep(self.say)
        elif act == "music":
            self.hearing.play_music()
        else:
            self.stage.act(act)

    def _reload(self, loaded: load.Loaded) -> None:
        show = self.arrange(loaded.show)
        try:
            load_shaders(self.compositor, show)
        except load.ShowError as error:
            self.say(str(error))
            return
        name = self.memory.add_show(loaded, show)
        self.line.shows = {**self.line.shows, name: show}
        tick = self.line.state.tick + 1
        for path, sha256 in loaded.replaced.items():
            self.intake.add(tick, "/show/model", f"{sha256} {path}", "host")
        self.intake.add(tick, "/show/load", name, "host")
        self._tell_ready(show)  # on the same tick, before a cue can go
        self.say(f"{', '.join(loaded.replaced) or loaded.path}: reloaded")


def play(options: Options) -> int:
    """Play a show; return the exit code.

    Raises
    ------
    ShowError
        If the show cannot be played.
    OSError
        If a display, port or folder is missing.
    """
    with ExitStack() as stack:
        player = Player(options, stack)
        player.run()
        if options.stats is not None:
            write_json(options.stats, report(player))
    return 0
