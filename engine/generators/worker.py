"""The worker: one process that runs one generator. It imports no app, no GL and no device library.

`main` is what the player spawns (see `process`). It takes a job over its control pipe, attaches the
two rings that the player made, and then serves the newest request until the pipe closes. All it
says goes back over the pipe as JSON: ``ready``, ``error`` (one request failed), ``failed`` (the
generator cannot be built).
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.core.port import Request, Spec
from engine.generators.frame import Frame, decode_request, encode_frame
from engine.generators.ring import Ring, attach_ring

IDLE_S = 0.25  # longest sleep; a request wakes it, this is only for safety
_MAX_SENTENCE = 400
_GENTLE = 10  # niceness of a loading spare: a tenth of a core that is wanted, not a hundredth


class Generator(Protocol):
    """What a generator's ``build(config, device)`` returns."""

    spec: Spec

    def render(self, request: Request, memory: Any) -> tuple[Any, Any]:
        """Render one request: pixels [shape=(1, 3 or 4, H, W)] in 0..1 and the new memory."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker is to run; travels over the control pipe, from the player only.

    Parameters
    ----------
    module
        Dotted path of the generator's module.
    config
        Its ``Config``.
    device
        ``auto``, ``cpu``, ``cuda`` or ``mps``.
    requests, frames
        Name, slots and bytes per slot of the two rings.
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
    nice: int
    clock: Callable[[], float] | None
    shares_cuda: bool
    max_px: int


def module_path(name: str) -> str:
    """Turn a generator's name into its module: ``cppn`` is ``engine.generators.cppn``.

    A dotted name is taken as it is: pass one only from an installed entry point, never from a show.

    Raises
    ------
    ValueError
        If it is no module name.
    """
    if not all(part.isidentifier() for part in name.split(".")):
        raise ValueError(f"'{name[:60]}' is not the name of a generator: write one like cppn")
    return name if "." in name else f"engine.generators.{name}"


def pick_device(name: str) -> str:
    """Choose where torch runs: ``auto`` is cuda, else mps, else cpu. Imports torch unless ``cpu``.

    Raises
    ------
    ValueError
        If the device is unknown or not here.
    """
    if name == "cpu":
        return name
    if name not in ("auto", "cuda", "mps"):
        raise ValueError(f"'{name[:20]}' is not a device: write auto, cpu, cuda or mps")
    import torch

    has = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return next((device for device, is_here in has.items() if is_here), "cpu")
    if not has[name]:
        raise ValueError(f"torch finds no {name} device here: choose auto or cpu")
    return name


def load(module: str, config: Any, device: str) -> Generator:
    """Import a generator's module and build it on a device that `pick_device` chose."""
    built: Generator = importlib.import_module(module).build(config, device)
    return built


def finish(pixels: Any) -> Any:
    """Turn (1, 3 or 4, H, W) into finite RGBA (H, W, 4) float16 in 0..1, where it lies.

    Takes a torch tensor or, from generators without torch, a numpy array; returns the same kind.
    NaN becomes 0; three channels get alpha 1.

    Raises
    ------
    ValueError
        If the shape is another.
    """
    shape = tuple(pixels.shape)
    if len(shape) != 4 or shape[0] != 1 or shape[1] not in (3, 4):
        raise ValueError(f"a generator gives pixels of (1, 3 or 4, H, W), not {shape}")
    if isinstance(pixels, np.ndarray):
        rgba = np.ones((*shape[2:], 4), np.float16)
        rgba[..., : shape[1]] = np.clip(np.nan_to_num(pixels[0]), 0, 1).transpose(1, 2, 0)
        return rgba
    import torch

    with torch.inference_mode():
        clean = pixels[0].nan_to_num(0.0, 1.0, 0.0).clamp(0, 1)
        picture = torch.ones((*shape[2:], 4), dtype=torch.float16, device=pixels.device)
        picture[..., : shape[1]] = clean.permute(1, 2, 0)
        return picture


def fetch(picture: Any) -> NDArray[np.float16]:
    """Bring a finished picture into main memory as numpy; waits for the device.

    From CUDA through pinned memory, which torch keeps and reuses (UNTESTED: no GPU here).
    """
    if isinstance(picture, np.ndarray):
        return picture
    if picture.device.type == "cuda":
        import torch

        pinned = torch.empty(picture.shape, dtype=picture.dtype, pin_memory=True)
        pinned.copy_(picture, non_blocking=True)
        torch.cuda.current_stream(picture.device).synchronize()
        picture = pinned
    array: NDArray[np.float16] = picture.cpu().numpy()
    return array


def sentence(error: BaseException) -> str:
    """Say an exception in one line that names the file and line that raised it."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        code = trace.tb_frame.f_code
        place = f" ({os.path.basename(code.co_filename)}:{trace.tb_lineno})"
        trace = trace.tb_next
    text = " ".join(str(error).split()) or "no message"
    return f"{type(error).__name__}: {text[:_MAX_SENTENCE]}{place}"


def main(control: Connection) -> None:
    """Run in the spawned process: wait for a job, serve it, end when the player does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the player's; it closes the pipe
    os.environ["OMP_NUM_THREADS"] = "1"
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        job = control.recv()
        while not isinstance(job, Job):  # a spare: modules to import while it waits
            _preload(job)
            _say(control, "loaded", "")
            job = control.recv()
        _run(control, job)
    except (EOFError, ConnectionError):
        return  # the player closed the pipe
    except Exception as error:  # noqa: BLE001 -- the boundary to a generator's own code, loading
        _say(control, "failed", sentence(error))
        raise SystemExit(1) from None


def _preload(modules: tuple[str, ...]) -> None:
    """Import while a spare waits, out of the way of the picture.

    On Linux a thread has a niceness of its own: so the main thread keeps the normal one for the
    building of a generator, when the spare is suddenly needed.
    """

    def load_gently() -> None:
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _GENTLE)
        for name in modules:
            with contextlib.suppress(ImportError):  # the generator that needs it will say so
                importlib.import_module(name)

    thread = threading.Thread(target=load_gently)
    thread.start()
    thread.join()


def _end_with_parent() -> None:
    """Leave even from the middle of a long render when the player is gone."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)


def _run(control: Connection, job: Job) -> None:
    requests, frames = attach_ring(*job.requests), attach_ring(*job.frames)
    try:
        device = pick_device(job.device)
        generator = load(job.module, job.config, device)
        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(1)
        share = _make_share(job, device)
        _say(control, "ready", device, None if share is None else share.handles())
        _settle(job.nice)
        _serve(control, job, generator, requests, frames, share)
    finally:
        requests.close()
        frames.close()


def _settle(nice: int) -> None:
    """Give way to the display, and keep the objects of the libraries out of the collector.

    With torch loaded a full collection walks 170 000 objects (67 ms of CPU were measured).
    """
    gc.collect()
    gc.freeze()
    if nice > 0 and hasattr(os, "nice"):
        os.nice(nice)


def _make_share(job: Job, device: str) -> Any:
    if not job.shares_cuda or not device.startswith("cuda"):
        return None
    from engine.generators.cuda_ring import CudaRing

    return CudaRing(job.max_px, device)


def _serve(
    control: Connection, job: Job, generator: Generator, requests: Ring, frames: Ring, share: Any
) -> None:
    done, memory = 0, None
    while True:
        found = requests.newest(done)
        if control.poll(0 if found else IDLE_S):
            control.recv_bytes()  # a wake, or EOFError: the player closed the pipe
        if found is None:
            continue
        done, data = found
        requests.acknowledge(done)
        try:
            frame, memory = _render(generator, decode_request(data), memory, job.clock, done, share)
            frames.write(encode_frame(frame))
        except Exception as error:  # the same boundary, rendering: one bad request is no end
            _say(control, "error", sentence(error))
            if type(error).__name__ == "AcceleratorError":  # torch's: the CUDA context is lost
                raise


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
    picture = finish(pixels)
    slot = None if share is None else share.put(picture)
    shown = fetch(picture) if slot is None else np.empty((*picture.shape[:2], 0), np.float16)
    render_s = clock() - start_s if clock else 0.0
    return Frame(request.seconds, 0, shown, request.latents, render_s, number, slot), memory


def _say(control: Connection, what: str, text: str, more: Any = None) -> None:
    control.send_bytes(json.dumps([what, text, more]).encode())
