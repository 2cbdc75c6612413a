"""Film rendering: the same line as live, every frame exactly at its time, none skipped."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from fractions import Fraction
from types import ModuleType
from typing import Any, TextIO

from engine.compositor.compose import Compositor
from engine.compositor.gl.context import open_context
from engine.compositor.isf.warm import FILM_S
from engine.core.clock import newest_index
from engine.core.frame.plan import Plan
from engine.core.show.show import Show
from engine.documents.show.image_inputs import unrepeatable
from engine.outputs import registry
from engine.play.film.job import Job, check_room, frame_count
from engine.play.film.lead_in import shortened, stretches
from engine.play.film.playback import Playback, skip
from engine.play.film.resume import lines_of, noted
from engine.play.judging import judge_shaders
from engine.play.line import Line, draw, load_shaders, resized, step_histories
from engine.play.pixels.bridge import Bridge
from engine.play.pixels.film import FilmPixels
from engine.system.atomic import check_writable, open_growing
from engine.system.hashing import sha256

PREROLL_CHUNK_S = Fraction(1, 4)
Mark = Callable[[int, Line, Fraction, Any], Any]


def render(
    playback: Playback, job: Job, progress: TextIO | None = None, mark: Mark | None = None
) -> int:
    """Render a film; return the number of frames.

    A `KeyboardInterrupt` leaves a playable file that ends early. `mark` is given every picture, and
    returns the one that is written.

    Raises
    ------
    ValueError, OSError
        With one sentence, before anything is rendered where possible.
    """
    size_px, fps = job.size_px or playback.size_px, job.fps or playback.fps
    count = frame_count(playback, job, fps)
    room = check_room(job, size_px, count, fps)
    begin = playback.start_s + job.from_s
    if job.hashes is not None:
        check_writable(job.hashes)
    with ExitStack() as stack:
        module, config = choose_output(playback, job, begin, size_px)
        if job.hashes is not None:
            known = lines_of(job.hashes)[: job.first]
            hashes = stack.enter_context(open_growing(job.hashes))
            hashes.writelines(known)
        ctx = open_context()
        stack.callback(ctx.release)
        compositor = Compositor(ctx, size_px)
        stack.callback(compositor.close)
        if playback.sound is not None:
            compositor.listen(playback.sound.read, playback.sound.rate_hz)
        first = begin + job.first / fps
        unseen = stretches(playback, first, fps)
        line, pixels = prepare(
            playback, job, ((*unseen[0], first)[0], fps), size_px, compositor,
            Bridge(ctx, crossfades=False),
        )  # fmt: skip
        stack.callback(pixels.close)
        if progress is not None:
            told = [*filter(None, (room,)), *unrepeatable(line.show)]
            told += shortened(playback, line.show, first)
            progress.writelines(f"{text}\n" for text in told)
        # Opened late: what cannot be rendered leaves no empty film behind.
        stack.enter_context(noted(job))
        output = stack.enter_context(module.open(config, size_px, fps))
        for stretch in unseen:
            for plan in before(playback, line, (*stretch, first)[0], fps):
                step_histories(compositor, pixels, plan)
            for seconds in stretch:
                steps = line.control(seconds, playback.events_of)
                draw(compositor, pixels, steps, line.plan(seconds))
        bar = Progress(count - job.first, progress)
        for number in range(job.first, count):
            seconds = begin + Fraction(number) / fps
            steps = line.control(seconds, playback.events_of)
            picture = draw(compositor, pixels, steps, line.plan(seconds))
            if mark is not None:
                picture = mark(number, line, seconds, picture)
            if job.hashes is not None:
                digest = sha256(picture.read("rgb24").tobytes())
                hashes.write(f"{job.start_number + number} {digest}\n".encode())
            output.write(number, picture)
            bar.show(number + 1 - job.first)
        bar.close()
        if progress is not None:
            progress.writelines(f"{text}\n" for text in compositor.news())
    return count


def choose_output(
    playback: Playback, job: Job, begin: Fraction, size_px: tuple[int, int]
) -> tuple[ModuleType, Any]:
    """Choose the output by the suffix, with the sound cut to the stretch.

    Raises
    ------
    ValueError, OSError
        If nothing writes such a file, or this one cannot be written.
    """
    sound = None
    if playback.sound is not None:
        source = playback.sound
        first = round(begin * source.rate_hz)
        sound = replace(source, read=lambda start, n: source.read(first + start, n))
    module = registry.load(registry.kind_of_file(job.out) or "film")
    asked = {"path": job.out, "codec": job.codec, "crf": job.crf, "preset": job.preset}
    asked |= {"start_number": job.start_number, "kept": job.first, "bits": job.bits}
    fields = module.Config.__dataclass_fields__
    if job.bits != 8 and "bits" not in fields:
        raise ValueError(f"{job.out}: --bits is of films; name a .mp4, .mov or .mkv")
    if job.start_number and "start_number" not in fields:
        raise ValueError(
            f"{job.out}: --start-number numbers pictures; name a sequence like name-%05d.png"
        )
    config = module.Config(**{k: v for k, v in {**asked, "audio": sound}.items() if k in fields})
    if hasattr(module, "check"):
        module.check(config, size_px)
    return module, config


def prepare(
    playback: Playback,
    job: Job,
    first: tuple[Fraction, Fraction],
    size_px: tuple[int, int],
    compositor: Compositor,
    bridge: Bridge,
) -> tuple[Line, FilmPixels]:
    """Make the line and what it draws with; nothing is drawn yet.

    `first` is the show time of the first frame, and the rate of frames.
    """
    line = playback.line_at(before_history(playback, *first))
    line.show = resized(line.show, size_px)
    pixels = FilmPixels(bridge, line.show, job.device, lambda text: print(text, file=sys.stderr))

    def load(show: Show, steps: Sequence[Plan]) -> None:
        for each in steps:
            step_histories(compositor, pixels, each)
        line.show = resized(show, size_px)
        judge_shaders(line.show, FILM_S)
        load_shaders(compositor, line.show)
        pixels.load(line.show)

    judge_shaders(line.show, FILM_S)
    load_shaders(compositor, line.show)
    line.on_show = load
    return line, pixels


def before_history(playback: Playback, begin: Fraction, fps: Fraction) -> Fraction:
    """Show time from which every history, and every held signal, is known at `begin`."""
    return max(begin - max(Fraction(playback.history_s), 1 / fps), playback.start_s)


def before(playback: Playback, line: Line, begin: Fraction, fps: Fraction) -> Iterator[Plan]:
    """Bring the line to the frame before the first; gives the steps that histories take."""
    at = before_history(playback, begin, fps)
    if newest_index(at, line.show.control_hz) > line.state.tick + 1:
        skip(line, at, playback.events_of)
    last = max(begin - 1 / fps, playback.start_s)
    while last < begin:
        yield from line.control(at, playback.events_of)
        if at >= last:
            return
        at = min(at + PREROLL_CHUNK_S, last)


class Progress:
    """A progress bar with the time that is left, on a terminal; a line each 10 s elsewhere."""

    def __init__(self, count: int, stream: TextIO | None) -> None:
        self._count = count
        self._stream = stream
        self._start = self._shown = time.monotonic()
        self._is_terminal = bool(stream is not None and stream.isatty())

    def show(self, done: int) -> None:
        """Tell how many frames are done."""
        now = time.monotonic()
        if self._stream is None or now - self._shown < (0.2 if self._is_terminal else 10.0):
            return
        self._shown = now
        spent = now - self._start
        left = spent / done * (self._count - done)
        share = done / self._count
        text = f"{done}/{self._count} frames, {done / spent:.1f}/s, {_clock(left)} left"
        if self._is_terminal:
            bar = "█" * int(share * 24) + "·" * (24 - int(share * 24))
            self._stream.write(f"\r{bar} {share:4.0%} {text}   ")
        else:
            self._stream.write(f"{share:4.0%} {text}\n")
        self._stream.flush()

    def close(self) -> None:
        """End the line."""
        if self._stream is not None and self._is_terminal:
            spent = _clock(time.monotonic() - self._start)
            self._stream.write(f"\r{self._count} frames in {spent}{' ' * 50}\n")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
