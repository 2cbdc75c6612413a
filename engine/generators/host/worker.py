"""The worker process: runs one generator. It imports no app, no GL and no device library.

`main` is what the player spawns (see `spare`). It takes a job over its control pipe, attaches the
two rings that the player made, and then serves the newest request until the pipe closes. All it
says goes back over the pipe as JSON: ``ready``, ``error`` (one request failed), ``failed`` (the
generator cannot be built, or not yet: see `admission`), ``starting`` (now it can), ``compiles`` and
``compiled`` (see `warm_up`).
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from engine.core.show.generator import Request
from engine.generators.contract import Generator
from engine.generators.device import pick_device
from engine.generators.host import admission
from engine.generators.host.heartbeat import Heartbeat
from engine.generators.host.messages import Frame, decode_request, encode_frame
from engine.generators.host.pixels import fetch, finish
from engine.generators.host.tasks import TaskRunner
from engine.generators.host.warm_up import warm_up
from engine.generators.registry import build, open_spec
from engine.system.priority import lower_process, lower_thread
from engine.system.ring import Ring, attach_ring
from engine.system.spawn import end_with_parent

_MAX_SENTENCE = 400


def error_text(error: BaseException) -> str:
    """Say an exception in one line that names the file and line that raised it."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        code = trace.tb_frame.f_code
        place = f" ({os.path.basename(code.co_filename)}:{trace.tb_lineno})"
        trace = trace.tb_next
    text = " ".join(str(error).split()) or "no message"
    return f"{type(error).__name__}: {text[:_MAX_SENTENCE]}{place}"


def notify(control: Connection, what: str, text: str, more: Any = None) -> None:
    """Send one word with its text; if nobody listens any more, it is lost."""
    with contextlib.suppress(ConnectionError):  # nobody listens any more: `_serve` will notice
        control.send_bytes(json.dumps([what, text, more]).encode())


IDLE_S = 0.25  # longest sleep; a request wakes it, this is only for safety
_GENTLE = 10  # niceness of a loading spare: a tenth of a core that is wanted, not a hundredth


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker is to run; travels over the control pipe, from the player only.

    Parameters
    ----------
    module
        Dotted path of the generator's module.
    device
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    requests, frames
        Name, slots and bytes per slot of the two rings.
    mailboxes
        The same of both mailboxes; see `engine.generators.host.tasks`.
    nice
        POSIX niceness once the generator is built; 0 leaves it alone.
    clock
        Importable callable that gives seconds, e.g. ``time.perf_counter``; None measures nothing.
    shares_cuda
        Whether finished pictures stay on an NVIDIA device, in a CUDA ring.
    max_px
        Largest picture, in pixels.
    """

    module: str
    config: Any
    device: str
    requests: tuple[str, int, int]
    frames: tuple[str, int, int]
    mailboxes: tuple[tuple[str, int, int], tuple[str, int, int]]
    nice: int
    clock: Callable[[], float] | None
    shares_cuda: bool
    max_px: int


def main(control: Connection) -> None:
    """Run in the spawned process: wait for a job, serve it, end when the player does."""
    os.environ["OMP_NUM_THREADS"] = "1"
    end_with_parent()
    try:
        job = _await_job(control)
        if job is not None:
            _run(control, job)
    except Exception as error:  # noqa: BLE001 -- the boundary to a generator's own code, loading
        notify(control, "failed", error_text(error))
        raise SystemExit(1) from None


def _await_job(control: Connection) -> Job | None:
    """Wait for the job; None if the player closed the pipe instead."""
    while True:
        try:
            message = control.recv()
        except (EOFError, ConnectionError):
            return None
        if isinstance(message, Job):
            return message
        _preload(message)  # this is a spare
        notify(control, "loaded", "")


def _preload(modules: tuple[str, ...]) -> None:
    """Import while a spare waits, out of the way of the picture.

    On Linux a thread has a niceness of its own: so the main thread keeps the normal one for the
    building of a generator, when the spare is suddenly needed.
    """

    def load_gently() -> None:
        lower_thread(_GENTLE)
        for name in modules:
            with contextlib.suppress(ImportError):  # the generator that needs it will say so
                importlib.import_module(name)

    thread = threading.Thread(target=load_gently)
    thread.start()
    thread.join()


def _run(control: Connection, job: Job) -> None:
    requests, frames = attach_ring(*job.requests), attach_ring(*job.frames)
    heart = Heartbeat(frames)
    try:
        device = pick_device(job.device)
        generator = _build(control, job, device)
        if generator is None:
            return
        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(1)
        words = warm_up(generator, device, job.clock, error_text)
        share, handles = _make_share(job, device, words)
        notify(control, "ready", device, handles)
        _settle(job.nice)
        inbox, outbox = (attach_ring(*ring) for ring in job.mailboxes)
        runner = TaskRunner(inbox, outbox, error_text, device)
        _serve(control, job, generator, (requests, frames, heart), share, words, runner)
        runner.close()
    finally:
        heart.close()
        requests.close()
        frames.close()


def _build(control: Connection, job: Job, device: str) -> Generator | None:
    """Open and build the generator as soon as there is room; None if nobody wants it any more.

    What was opened is let go with the end of this function: files are not held while it plays.
    """
    opened = open_spec(job.module, job.config)
    if not admission.await_memory(
        lambda: admission.memory_shortage(opened, device),
        lambda what, text: notify(control, what, text),
        lambda: not control.poll(admission.RETRY_S) or _is_open(control),
    ):
        return None
    return build(opened, device)


def _settle(nice: int) -> None:
    """Give way to the display, and keep the objects of the libraries out of the collector.

    With torch loaded a full collection walks 170 000 objects (67 ms of CPU were measured).
    """
    gc.collect()
    gc.freeze()
    lower_process(nice)


def _make_share(job: Job, device: str, words: deque[tuple[str, str]]) -> tuple[Any, Any]:
    """Make the ring on the device and its handles; where that fails pictures go by main memory."""
    if not job.shares_cuda or not device.startswith("cuda"):
        return None, None
    from engine.generators.host.cuda_ring import CudaRing

    try:
        share = CudaRing(job.max_px, device)
        return share, share.handles()
    except Exception as error:  # noqa: BLE001 -- containers, drivers and systems without CUDA IPC
        words.append(("error", f"pictures go through main memory: {error_text(error)}"))
        return None, None


def _serve(
    control: Connection,
    job: Job,
    generator: Generator,
    rings: tuple[Ring, Ring, Heartbeat],
    share: Any,
    words: deque[tuple[str, str]],
    runner: TaskRunner,
) -> None:
    done, memory = 0, None
    requests, frames, heart = rings
    sent: tuple[Any, int] = None, 0  # the newest picture that went whole, and its number
    while True:
        heart.step()
        found = requests.newest(done)
        if control.poll(0 if found else runner.rest_s(IDLE_S)) and not _is_open(control):
            return
        if found is None:
            _work(runner, generator, heart)
            continue
        done, data = found
        requests.acknowledge(done)
        try:
            frame, memory = _render(generator, decode_request(data), memory, job.clock, done, share)
            if frame.pixels is sent[0] and frames.seen >= sent[1]:  # the player has it
                frames.write(encode_frame(replace(frame, pixels=frame.pixels[..., :0])))
            else:
                sent = frame.pixels, frames.write(encode_frame(frame))
            while words:
                notify(control, *words.popleft())
        except Exception as error:  # the same boundary, rendering: one bad request is no end
            notify(control, "error", error_text(error))
            if type(error).__name__ == "AcceleratorError":  # torch's: the CUDA context is lost
                raise
        _work(runner, generator, heart)  # one slice a frame, if there is always a next one


def _work(runner: TaskRunner, generator: Generator, heart: Heartbeat) -> None:
    """Do a slice of a background task, if there is one."""
    heart.step(is_task=True)
    runner.work(generator)


def _is_open(control: Connection) -> bool:
    """Take what made the pipe readable: a wake, or its end."""
    try:
        control.recv_bytes()
    except (EOFError, ConnectionError):
        return False
    return True


def _render(
    generator: Generator,
    request: Request,
    memory: Any,
    clock: Callable[[], float] | None,
    number: int,
    share: Any,
) -> tuple[Frame, Any]:
    start_s = clock() if clock else 0.0
    pixels, memory = generator.render(request, memory)
    slot = None
    if share is None:
        shown = fetch(finish(pixels))
    else:
        slot, size = share.put(pixels)
        shown = np.empty((*size, 0), np.float16)
    render_s = clock() - start_s if clock else 0.0
    return Frame(request.seconds, 0, shown, request.latents, render_s, number, slot), memory
