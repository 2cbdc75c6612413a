"""Player: the frame line against the wall clock, and the one place that catches errors."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

from engine.compositor.gl.program import ShaderError
from engine.core.clock import seconds_at
from engine.core.control.cues import awaited, ready_address, shader_ready_address
from engine.core.control.transport import heard
from engine.core.event import Value
from engine.core.frame.plan import Plan
from engine.core.show.show import Show
from engine.documents.show import load
from engine.play.controllers.assignments import KEYBOARD
from engine.play.history.editing import EDITING
from engine.play.line import LEAVE_OUT, Line, draw, load_shaders, step_histories
from engine.play.live.commands import COMMANDS, LEARNING
from engine.play.live.options import Options
from engine.play.live.performance import Performance, print_message
from engine.play.live.presenter import ACT_S
from engine.play.pacer import Due, Pacer, now_ns
from engine.play.pixels.startup import Startup
from engine.sources.contract import Moved, Origin
from engine.system.atomic import write_json

WINDOW = Origin("window")
COMPLAIN_EVERY = 30
FIRST_FRAME_S = 8.0
SHADERS_S = 2.0
"""So long a show waits for its shaders' trials; then it begins, and they join it one by one."""
MARK_S = 0.05  # between two pictures that show what is waited for: the time is the loading's
READY_S = 60.0
"""A show that still lacks a picture then says in its ready file which, and why."""
TRIALS = 3
"""Of the first picture, to choose a scale that the machine can keep up."""


class Player(Performance):
    """Draws until it is told to stop."""

    def __init__(self, options: Options, stack: ExitStack) -> None:
        super().__init__(options, stack)
        self.is_over = False
        self._last_error = ""
        self._waiting = ""
        self._startup = Startup()
        self._awaits_ready = options.ready
        self._picture: Any = None
        self._unready: frozenset[str] = frozenset()  # shaders of which the show knows that
        self.line.on_show = self._change

    def prepare(self) -> None:
        """Compile, start the workers and wait a little for the first frame: nothing moves yet."""
        self._plan = first = self._look_ahead()
        self.queue.directory(self.line.show)  # before a message needs it, on a frame
        self.pixels.open(self.line.show, first.requests, time.monotonic())
        load_shaders(self.compositor, self.line.show, self.trials.unfit)
        until = time.monotonic() + SHADERS_S
        while self.trials.waiting and not (self.is_ended or time.monotonic() > until):
            time.sleep(0.01)  # each look costs a millisecond that the workers lack
            for why in self._load_tried(time.monotonic()):
                raise load.ShowError(why)
            self._tend_start()
            self._show_mark(first)
        until = time.monotonic() + FIRST_FRAME_S
        while self.pixels.missing(first) and not (self.is_ended or time.monotonic() > until):
            time.sleep(0.01)  # each look costs a millisecond that the workers lack
            if self._tend_start():
                break
            self._show_mark(first)
        # What a driver does at the first drawing, it does before the clock starts; and a full
        # collection with a scene's worth of objects costs frames: what is here stays.
        with self._unfailing():
            self._draw_time_s(first)
            if self.outputs.is_only_seen:
                busy_s = min(self._draw_time_s(first) for _ in range(TRIALS))
                if self.governor.begin(busy_s):
                    self._follow_governor()
        gc.collect()
        gc.freeze()
        self.collections.begin()

    def _load_tried(self, now_s: float) -> Iterator[str]:
        """Load the shaders that have passed their trial; give sentences on those that have not."""
        for name, text, error, *_ in self.trials.tend(now_s):
            if self.line.show.shaders.get(name) != text:  # it was edited meanwhile
                continue
            if error is not None:
                yield error
                continue
            try:
                self.compositor.load(name, text)
            except ShaderError as refused:
                yield str(refused)

    def _tend_start(self) -> bool:
        """Look after workers and window before anything moves; true if a worker cannot work."""
        self.pixels.ask(self.line.show, self._ahead.state, self._plan, time.monotonic())
        self.presenter.idle()
        return self._complain()

    def _draw_time_s(self, plan: Plan) -> float:
        begin_s = time.perf_counter()
        draw(self.compositor, self.pixels, (), plan)
        self.outputs.ctx.finish()
        busy_s = time.perf_counter() - begin_s
        self.catch_up.note(busy_s, 0)
        return busy_s

    @contextmanager
    def _unfailing(self) -> Iterator[None]:
        """Keep the last good picture up, whatever happens, and say what did."""
        try:
            yield
            self._last_error = ""
        except Exception as error:  # noqa: BLE001 - drivers, generators, bugs: the show goes on
            text = f"the picture stands still: {type(error).__name__}: {error}"
            if text != self._last_error:
                self.notify(text)
            self._last_error = text
            with suppress(Exception):
                self.outputs.again(self._picture)

    def _complain(self) -> bool:
        """Tell what generators say is wrong; true if one cannot work at all."""
        for text in (*self.pixels.complaints(), *self.compositor.news()):
            self.notify(text)
        startup, before = self._startup, self._startup.mark
        doing = {**self.trials.doing(self.line.show), **self.pixels.doing(self._plan)}
        for text in startup.tend(doing, time.monotonic()):
            print_message(text)
        if startup.mark != before:
            self.presenter.toast(startup.mark, math.inf, "mark")
        return self.pixels.is_failed

    def _show_mark(self, plan: Plan) -> None:
        """Show in the window what is waited for, and what there is already."""
        if self._startup.mark and self.outputs.window is not None:
            with self._unfailing():
                self._picture = draw(self.compositor, self.pixels, (), plan)
                self.presenter.refresh(self.facts)
                self.outputs.again(self._picture)
            time.sleep(MARK_S)

    def _write_ready(self, path: Path) -> None:
        """Write the ready file once every visible layer has a picture, or say why one has none."""
        missing = {**self.trials.doing(self.line.show), **self.pixels.missing(self._plan)}
        is_over = all(text.startswith("failed") for text in missing.values())
        if is_over or self.duration_s > READY_S:
            self._awaits_ready = None
            with self._unfailing():
                write_json(path, {**self.ready(), "missing": missing})

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
        self.audio_input.start(self.queue, self.line.show.control_hz)
        self.pacer = Pacer(self.fps)
        self.pacer.every = self.governor.level.every
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
            self.stats.add((time.perf_counter() - started) * 1000.0, due.skipped)
            if self._awaits_ready is not None:
                self._write_ready(self._awaits_ready)
        self.duration_s = max(self.duration_s, float(1 / self.fps))

    def _frame(self, due: Due, seconds: Fraction) -> None:
        self.watch.start()
        begin_s = time.perf_counter()
        now_s = time.monotonic()
        if due.jump_s:
            self._jump(due.jump_s)
        self._listen(now_s)
        self._announce_ready(self.line.show)
        self.recording.tell(self.queue, self.line.show, self.line.state, seconds)
        self.watch.lap("events")
        self._leave_out(seconds)
        steps = self.line.control(seconds, self.queue.events_of)
        show, state = self.line.show, self.line.state
        tick_ns = self.pacer.start_ns + int(seconds_at(state.tick, show.control_hz) * 10**9)
        self.sources.keep_time(heard(show, state, tick_ns))
        self._plan = plan = self.line.plan(seconds)
        self._notify_waiting()
        self.watch.lap("control")
        self.pixels.ask(self.line.show, self.line.seen, plan, now_s)
        self.watch.lap("generators")
        drawn_s = time.perf_counter()
        picture = draw(self.compositor, self.pixels, steps, plan, self.watch)
        self._picture = picture
        self._look_next(seconds, now_s)
        self.outputs.ctx.finish()
        now = time.perf_counter()
        self.catch_up.note(now - drawn_s, len(steps))
        busy_s = now - begin_s  # the rest may be waiting for the monitor
        self.watch.lap("compose", True)
        self.presenter.refresh(self.facts)
        self.outputs.write(due.index, picture)
        self.watch.lap("output", True)
        self.recording.sound(self.queue, seconds)
        self.watch.lap("take")
        self._govern(float(seconds), busy_s, plan)

    def _leave_out(self, seconds: Fraction) -> None:
        """Give up steps that are more than a late frame can make good; the take says so."""
        due = self.line.due(seconds)
        usual = float(self.line.show.picture_hz * self.pacer.every / self.fps)
        if gone := self.catch_up.left_out(due, usual):
            self.stats.steps_dropped += gone
            newest = self.line.step + gone
            self.queue.add(self.line.state.tick + 1, LEAVE_OUT, newest, "clock")

    def _look_next(self, seconds: Fraction, now_s: float) -> None:
        """Keep the deck that is not on air ready, and show it to the operator."""
        plan = self.next_deck.look(self.line, seconds, now_s)
        if plan is not None:
            self.pixels.warm = frozenset(plan.requests)
            if self.presenter.has_preview:
                self.presenter.preview(self.next_deck.draw(plan, self.pixels))

    def _govern(self, seconds: float, busy_s: float, plan: Plan) -> None:
        """Draw less where the machine cannot keep up; what is kept, in files, stays whole."""
        if self.shares.is_due(seconds):
            periods_s = {
                layer.id: 1.0 / layer.generator.rate_hz
                for layer in self.line.show.layers
                if layer.generator is not None and layer.id in plan.requests
            }
            self.shares.look(seconds, self.pixels.host_stats(), periods_s)
        self.rehearsal.tend(seconds, self.line.show.shaders, self.trials.unfit)
        if not self.outputs.is_only_seen:
            return
        if self.governor.note(seconds, busy_s, self.shares.starved):
            self._follow_governor()
        if news := self.governor.news(seconds):
            self.notify(news)

    def _follow_governor(self) -> None:
        self.compositor.resize(self.governor.size_px)
        self.pacer.every = self.governor.level.every
        self._picture = None  # its texture is gone

    def _jump(self, gap_s: float) -> None:
        """Give up a long gap: the show clock stood still, and the take says so."""
        rate = self.line.show.control_hz
        ticks = round(gap_s * float(rate))
        self.stats.jumps_s += gap_s
        self.queue.jump(ticks)
        self.audio_input.jump(ticks / rate)
        self.queue.add(self.line.state.tick + 1, "/clock/jump", float(gap_s), "clock")

    def _announce_ready(self, show: Show) -> None:
        """Let the show know which generators have a picture, and which shaders may be drawn."""
        tick = self.line.state.tick + 1
        for name, is_ready in self.pixels.news(show):
            self.queue.add(tick, ready_address(name), int(is_ready), "host")
        before = self._unready
        self._unready = frozenset(self.trials.unfit)
        for name in sorted(before ^ self._unready):
            self.queue.add(tick, shader_ready_address(name), int(name in before), "host")

    def _notify_waiting(self) -> None:
        """Tell the operator why a cue that was given does not begin."""
        show, state = self.line.show, self.line.state
        waiting = ", ".join(show.cues[index].id for index, _ in state.awaiting)
        if waiting and waiting != self._waiting:
            layers = ", ".join(sorted(awaited(show, state)))
            self.notify(f"cue {waiting} waits for the first picture of layer {layers}")
        self._waiting = waiting

    def _listen(self, now_s: float) -> None:
        """Drain every source, bounded, and see to reloads."""
        show, tick = self.line.show, self.line.state.tick
        of = self.pacer.show_seconds
        arrived: dict[str, list[str]] = {kind: [] for kind in self.feedback.kinds}
        for source, items, refusals in self.sources.poll(now_s):
            if source.kind.startswith("osc") and items:
                items, moved = self.controllers.split(show, items, "osc")
                self._take_moved(source.origin.name, moved)
            self.queue.take(show, tick, source.origin, items, of)
            for address, why in refusals:
                self.queue.complain(show, source.origin.name, address, why)
            for kind, came in source.came(items).items():
                if kind in arrived:
                    targets = self.queue.directory(show).targets
                    arrived[kind] += [each for address in came for each in targets(address)]
            if items:
                self._touch(items[-1][1])
        for source, moved in self.sources.moved():
            self._take_moved(source.origin.name, moved)
        self.feedback.send(show, self.line.state, arrived)
        self.controllers.tend(show, self.line.state, now_ns())
        self.audio_input.feed(now_s)
        inputs = self.presenter.read_input(show, self.line.state, now_s)
        moment = now_ns()
        self.queue.take(show, tick, WINDOW, [(moment, a, v) for a, v in inputs.events], of)
        keys = [Moved(moment, KEYBOARD, f"key/{key}", value) for key, value in inputs.keys]
        self._take_moved(WINDOW.name, keys)
        for address, _ in inputs.events[-1:]:
            self._touch(address)
        if self.queue.complaints.is_waiting:
            self.notify(self.queue.complaints.next(self.queue.directory(show)))
        if news := self.queue.budget.news():
            self.notify(news)
        commands, self.queue.commands = self.queue.commands, []
        for command in inputs.commands:
            self._run_command(command)
        for address, value in commands:
            self._run_command(COMMANDS[address], value)
        for why in self._load_tried(now_s):
            self.notify(f"{why}; the show goes on without it")
        found = self.reloader.poll(show, now_s)
        if isinstance(found, str):
            self.notify(found)
        elif found is not None and not self.editing.follow(found):
            self._reload(found)
        elif told := self.reloader.trial(now_s):
            self.notify(told)
        if captured := self.editing.tend(self.notify):
            self._reload(captured, "cues: as captured")
        self.recording.tend(self.notify)
        self.saving.tend(self.notify)
        self.tasks.tend(show, self.line.state, now_s, self.queue)
        if self.stats.frames % COMPLAIN_EVERY == 0:
            self._complain()

    def _touch(self, address: str) -> None:
        """Note what was touched last: learning begins with it."""
        show = self.line.show
        for each in self.queue.directory(show).targets(address):
            self.controllers.touched(show, each)

    def _take_moved(self, name: str, moved: Sequence[Moved]) -> None:
        """Let what hands moved arrive where mappings say: anywhere, for show or user say so."""
        if moved:
            show, state = self.line.show, self.line.state
            items = self.controllers.events(show, state, moved)
            self.queue.take(show, state.tick, Origin(name), items, self.pacer.show_seconds)

    def _run_command(self, command: str, value: Value = True) -> None:
        if command == "quit":
            self.is_over = True
        elif command == "keep":
            self.recording.keep(self.notify)
        elif command == "save":
            learned = self.controllers.learned
            self.saving.save(self.loaded, self.line.show, self.line.state, learned)
            self.editing.saved(self.line.show, self.line.state)
        elif command in EDITING:
            self.editing.command(command, value, self.line.show, self.line.state)
        elif command in LEARNING:
            self.controllers.command(self.line.show, command, value)
        elif command == "feedback":
            if not self.feedback.send_all():
                self.notify("/feedback/all: nothing is sent back; start with --feedback HOST:PORT")
        elif command == "who":
            show, tick = self.line.show, self.line.state.tick
            directory = self.queue.directory(show)
            self.notify(self.queue.movers.who(str(value), directory, tick, show.control_hz))
        elif command == "music":
            told = self.audio_input.turn_music(self.queue, self.line.state.tick)
            self.presenter.toast(told, ACT_S, "act")
        else:
            self.presenter.run(command)

    def _reload(self, loaded: load.Loaded, text: str = "") -> None:
        show, playing = self.arrange(loaded.show), self.line.show.shaders
        try:
            for shader, written in show.shaders.items():
                if written not in (playing.get(shader), self.trials.unfit.get(shader)):
                    self.compositor.stage(shader, written)
                    self.trials.forget(shader)
        except ShaderError as error:
            self.notify(str(error))
            return
        self.loaded = loaded
        if show.decks is None:
            self.pixels.warm = frozenset()
            self.presenter.preview(None)
        name = self.recording.add_show(loaded, show)
        self.line.shows = {**self.line.shows, name: show}
        tick = self.line.state.tick + 1
        for path, sha256 in loaded.replaced.items():
            self.queue.add(tick, "/show/model", f"{sha256} {path}", "host")
        self.queue.add(tick, "/show/load", name, "host")
        self._announce_ready(show)  # on the same tick, before a cue can go
        self.notify(text or f"{', '.join(loaded.replaced) or loaded.path}: reloaded")

    def _change(self, show: Show, steps: Sequence[Plan]) -> None:
        """Go on with another show, once what came before it is drawn."""
        for each in steps:
            step_histories(self.compositor, self.pixels, each, self.watch)
        load_shaders(self.compositor, show, self.trials.unfit)
        self.pixels.keep(show)


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
            write_json(options.stats, player.report())
        refused, shaders = player.trials.refused, player.line.show.shaders
        for name, why in refused.items():
            if shaders.get(name) == player.trials.unfit.get(name):
                raise load.ShowError(f"the show was played without a shader: {why}")
    return 0
