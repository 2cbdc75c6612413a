"""Resources of a performance: everything that is open while it plays, and its report."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.compositor.compose import Compositor
from engine.compositor.isf.warm import LIVE_S
from engine.compositor.rehearsal import Rehearsal
from engine.core.clock import parse_rate, seconds_at
from engine.core.control.transport import is_led
from engine.core.event import Event
from engine.core.show.show import Show
from engine.core.show.state import State, first_state
from engine.documents.show import load
from engine.play.catch_up import CatchUp
from engine.play.controllers.controllers import Controllers
from engine.play.event_queue import EventQueue
from engine.play.governor import Governor
from engine.play.history.editing import Editing
from engine.play.judging import Trials
from engine.play.line import Line, resized, seeded
from engine.play.live.audio_input import AudioInput, hears_device
from engine.play.live.bindings import deck_text, flags, hidden, rows, upcoming
from engine.play.live.commands import ADDRESSES
from engine.play.live.feedback import Feedback
from engine.play.live.options import Options
from engine.play.live.outputs import Outputs
from engine.play.live.presenter import ACT_S, Presenter, open_presenter
from engine.play.live.recording import Recording
from engine.play.live.reload import Reloader
from engine.play.live.sources import Sources
from engine.play.next_deck import NextDeck
from engine.play.pacer import Pacer, Stopwatch
from engine.play.pixels.bridge import Bridge
from engine.play.pixels.live import LivePixels
from engine.play.saving import Saving
from engine.play.shares import Shares
from engine.play.soundtrack import channel_choice
from engine.play.stats import Stats
from engine.play.tasks.cameras import CameraRecordings
from engine.play.tasks.dragging import Dragging
from engine.play.tasks.even_speed_live import EvenSpeed
from engine.play.tasks.inversion import Inversion
from engine.play.tasks.tasks import TaskClient, TaskQueue
from engine.play.usage import FullCollections, open_files, private_bytes
from engine.sources.osc import osc, sender
from engine.system.atomic import check_writable
from engine.system.interrupts import Interrupt, noted

if TYPE_CHECKING:
    from engine.play.desk.control_process import ControlProcess


def task_clients(
    pixels: LivePixels, notify: Callable[[str], None], take: Path | None
) -> list[TaskClient]:
    """Make what starts background tasks, in the order in which it is tended."""
    return [
        EvenSpeed(pixels.newest, notify),
        Inversion(pixels.newest, notify),
        Dragging(notify),
        CameraRecordings(pixels.host, take),
    ]


def print_message(text: str) -> None:
    """Tell the operator, in the terminal."""
    with suppress(OSError, ValueError):  # nobody may be reading any more
        print(text, file=sys.stderr, flush=True)


class Performance:
    """Opens what a show and the command line ask for; the stack closes it in the opposite order."""

    def __init__(self, options: Options, stack: ExitStack) -> None:
        self.options = options
        self.presenter = Presenter()
        self.interrupt: Interrupt = stack.enter_context(noted())
        for path in filter(None, (options.stats, options.ready)):
            check_writable(path)
        self.loaded = load.load(options.show)
        table = self.loaded.table
        show = self.arrange(self.loaded.show)
        self.fps = options.fps or parse_rate(table.output.fps)
        self.outputs: Outputs = stack.enter_context(
            Outputs(table, options, show.size_px, self.fps, self.notify)
        )
        self.presenter = open_presenter(self.outputs.window, show.size_px, self.outputs.monitor)
        for text in hidden(show) if self.outputs.window is not None else ():
            print_message(text)
        self.compositor = Compositor(self.outputs.ctx, show.size_px, float(show.picture_hz))
        stack.callback(self.compositor.close)
        self.bridge = Bridge(self.outputs.ctx)
        stack.callback(self.bridge.close)
        self.next_deck = NextDeck(self.compositor)
        stack.callback(self.next_deck.close)
        self.pixels = LivePixels(self.bridge, options.device)
        stack.callback(self.pixels.close)
        self.pixels.draw_on(self.outputs.ctx, self.compositor)
        found = self.pixels.share_cuda(self.outputs.ctx)
        if self.pixels.path != "numpy":
            print_message(found)
        self.line = Line(show, first_state(show), -1, {})
        self.queue = EventQueue(ADDRESSES)
        self._open_hands(stack)
        choice = channel_choice(table, options.audio_channel, options.audio_gain_db)
        self.audio_input: AudioInput = stack.enter_context(
            AudioInput(options, self.notify, self.sources, choice)
        )
        self.recording: Recording = stack.enter_context(
            Recording(options, self.loaded, show, self.fps, self.audio_input, self.notify)
        )
        self.compositor.listen(self.recording.heard.read, self.audio_input.format[0])
        self.editing = Editing(self.loaded, self.queue, self.act)
        stack.callback(self.editing.close)
        self.line.on_tick = self._on_tick
        self.saving = Saving()
        stack.callback(self.saving.close)
        self.trials = Trials(show, LIVE_S)
        stack.callback(self.trials.close)
        self.rehearsal = stack.enter_context(closing(Rehearsal()))
        self.reloader = Reloader(self.loaded, show.size_px, self.compositor.stage)
        stack.callback(self.reloader.close)
        self.tasks = TaskQueue(
            self.pixels.host, self.notify, task_clients(self.pixels, self.notify, options.take)
        )
        self.stats = Stats()
        self.collections = FullCollections()
        stack.callback(self.collections.end)
        self.watch = Stopwatch()
        self.pacer = Pacer(self.fps)
        self.catch_up = CatchUp()
        self.governor = Governor(self.fps, show.size_px)
        self.shares = Shares()
        self.duration_s = 0.0

    def _open_hands(self, stack: ExitStack) -> None:
        """Open what events come from, and what is told what they have changed."""
        has_window, hears = self.outputs.window is not None, hears_device(self.options)
        self.sources: Sources = stack.enter_context(
            Sources(self.loaded.table, self.options, hears, self.notify, has_window)
        )
        self.controllers = Controllers(self.sources, ADDRESSES, self.notify, self.tell)
        stack.callback(self.controllers.close)
        self.presenter.claim_keys(self.controllers.claims)
        self.feedback = Feedback(self.notify)
        stack.callback(self.feedback.close)
        self.control = self._control(stack)
        self._add_sinks(self.options.feedback)

    def _control(self, stack: ExitStack) -> ControlProcess | None:
        """Start what serves controllers over the network, if that is asked for."""
        if self.options.oscquery is None:
            return None
        from engine.play.desk.control_process import ControlProcess  # it brings asyncio with it

        place = (self.sources.host, self.osc_port)
        found = ControlProcess(
            self.options.oscquery, ADDRESSES, place, self._targets, self.options.osc_allow
        )
        stack.callback(found.close)
        self.sources.join("oscquery", found)
        self.feedback.add(found)
        if found.warning:
            self.notify(found.warning)
        return found

    def _targets(self, address: str) -> Sequence[str]:
        return self.queue.directory(self.line.show).targets(address)

    def _add_sinks(self, endpoints: Iterable[str]) -> None:
        self.feedback.add(self.controllers.lights)
        for endpoint in endpoints:
            self.feedback.add(sender.open(*osc.parse_endpoint(endpoint)))
        for sink in self.outputs.sinks:
            self.feedback.add(sink)

    def arrange(self, show: Show) -> Show:
        """Apply the command line's seed and size to a show, also to a reloaded one."""
        return resized(seeded(show, self.options.seed), self.options.size_px or show.size_px)

    def notify(self, text: str) -> None:
        """Tell the operator, in the terminal and on the window."""
        print_message(text)
        self.presenter.toast(text)

    def _on_tick(self, show: Show, before: State, events: Sequence[Event], after: State) -> None:
        self.recording.tick(show, before, events, after)
        self.editing.note(show, before, events, after)
        for index in after.begun:
            self.presenter.name_cue(show.cues[index].id, upcoming(show, after))

    def act(self, text: str) -> None:
        """Tell the operator what a hand did just now."""
        print_message(text)
        self.presenter.toast(text, ACT_S, "act")

    def tell(self, text: str, seconds: float) -> None:
        """Show a line on the window, and say it in the terminal, while a control is awaited."""
        if text:
            print_message(text)
        self.presenter.toast(text, seconds, "learn")

    @property
    def osc_port(self) -> int:
        """Port on which OSC comes in."""
        source = self.sources.of_kind("osc")
        return int(source.input.port) if source is not None else 0

    def ready(self) -> dict[str, Any]:
        """Return what a script that started us wants to know."""
        return {
            "pid": os.getpid(),
            "osc": {"host": self.sources.host, "port": self.osc_port},
            "ports": self.sources.ports,
            "workers": {name: stats["pid"] for name, stats in self.pixels.stats().items()},
        }

    def facts(self) -> dict[str, Any]:
        """Return what the help panel shows."""
        show, state = self.line.show, self.line.state
        return {
            "show": show.name,
            "keys": rows(show),
            "cue": show.cues[state.cue].id if state.cue >= 0 else "",
            "next": upcoming(show, state),
            "decks": deck_text(show, state),
            "seconds": float(seconds_at(max(state.tick, 0), show.control_hz)),
            "bpm": state.transport.tempo,
            "led_by": state.transport.lead.source if is_led(show, state) else "",
            "fps": float(self.fps),
            "level": float(state.signals[show.audio[0]]),
            "flags": flags(show, state, self.compositor.is_limiting),
            "frame_ms": self.stats.recent_ms(),
            "skipped": self.stats.skipped,
            "generators": self.pixels.stats(),
            "sound": self.audio_input.state,
            "osc": f"{self.sources.host}:{self.osc_port}",
        }

    def report(self) -> dict[str, Any]:
        """Return everything that the stats file holds."""
        return {
            **self.stats.report(self.duration_s, float(self.fps), self.watch.total_ms),
            "output": self.outputs.name,
            "outputs": self.outputs.report(),
            "size_px": list(self.line.show.size_px),
            "scale": self.governor.level.scale,
            "every": self.governor.level.every,
            "given_up": [
                {"seconds": seconds, "scale": level.scale, "every": level.every, "why": why}
                for seconds, level, why in self.governor.changes
            ],
            "share": self.shares.cores,
            "ticks": self.line.state.tick + 1,
            "generators": self.pixels.stats(),
            "errands": self.tasks.report(),
            "sources": self.sources.report(),
            "osc": self._osc_stats(),
            "last_moved": self.queue.movers.report(self.line.state.tick, self.line.show.control_hz),
            "oscquery": self.control.report() if self.control is not None else None,
            "controllers": self.controllers.report(),
            "sound": self.audio_input.state,
            "full_collections": self.collections.count,
            "memory": self._held(private_bytes),
            "open_files": self._held(open_files),
            "take": self.recording.report(),
            "gl": str(self.outputs.ctx.info["GL_RENDERER"]),
        }

    def _held(self, of: Callable[[int], int | None]) -> dict[str, int | None]:
        """What this process (``main``) and each layer's worker hold."""
        workers = {name: stats["pid"] for name, stats in self.pixels.stats().items()}
        return {name: of(pid) for name, pid in {"main": os.getpid(), **workers}.items() if pid}

    def _osc_stats(self) -> dict[str, Any]:
        """Return what came in, and what of it nobody knew or wanted."""
        source = self.sources.of_kind("osc")
        found = source.input if source is not None else None
        return {
            "received": getattr(found, "received", 0),
            "dropped": getattr(found, "dropped", 0),
            "turned_away": getattr(found, "turned_away", 0),
            "refused": getattr(found, "refused", 0) + self.queue.refused,
            "refusals": {
                address: {"count": count, "why": why}
                for address, (count, why) in self.queue.complaints.refusals.items()
            },
            "unknown": dict(self.queue.unknown),
            "unknown_total": self.queue.unknown_total,
            "left_out": dict(self.queue.budget.left_out),
            "left_out_total": self.queue.budget.total,
            "deferred": self.queue.budget.deferred,
        }
