"""What only a GPU can tell: ``latent-cinema doctor --gpu``, in one command and one file.

Random weights, no downloads, under three minutes. Each line stands for itself: what fails names its
cure. With ``--dry`` all of it but the device runs, tiny, on the CPU: so it is tried without a GPU.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from engine.app.setup.doctor import versions
from engine.core.show.generator import Request
from engine.generators import registry
from engine.generators.device import cuda_trouble
from engine.generators.host.inline_host import InlineHost
from engine.generators.host.worker_host import WorkerHost, open_worker
from engine.generators.libraries import torch
from engine.models import card
from engine.models.network import Network
from engine.models.random_networks import network
from engine.system.atomic import write_json

OUT = Path("gpu-check.json")
NETWORKS = ("sg2-256", "sg2-1024", "sg3t-256", "sg3t-1024", "sg3r-256", "sg3r-1024")
DRY_NETWORKS = ("sg2-32", "sg3t-32")
SMALL: dict[str, Any] = {"base": 512, "most": 16, "dims": (32, 0, 32)}
ROUNDS, WARM_UP = 20, 3
WAIT_S, FRAMES = 60.0, 240
HALF_LIMIT, GRAPH_LIMIT = 2e-2, 1e-2
REPORT = "please attach gpu-check.json to an issue of the project, with the cure that did not help"


@dataclass(slots=True)
class Line:
    """One thing that was tried: whether it works, figures, and what to do where it does not."""

    name: str
    ok: bool
    found: str
    cure: str = ""
    figures: dict[str, Any] = field(default_factory=dict)


class Trial:
    """Tries one thing after another on a device; `is_dry`: on the CPU, with tiny networks."""

    def __init__(self, is_dry: bool) -> None:
        self.is_dry = is_dry
        self.device = "cpu" if is_dry else "cuda"
        self.names = DRY_NETWORKS if is_dry else NETWORKS
        self.lines: list[Line] = []

    def run(self) -> Iterator[Line]:
        """Try everything, in the order in which a person would mend it."""
        torch.set_num_threads(1)
        steps: list[tuple[str, Callable[[], Line], str]] = [
            ("context", self._context, "update the NVIDIA driver, then `latent-cinema doctor`"),
            ("sharing", self._sharing, "pip install 'cuda-core>=1.2' and the cuda-bindings that "
             "`latent-cinema doctor` names; without it pictures go through main memory"),
            ("worker", self._worker, "play with --device cpu, and tell us what is said here"),
            ("precision", self._precision, REPORT),
            ("waits", self._waits, REPORT),
            *((name, partial(self._speed, name), REPORT) for name in self.names),
            ("kernels", self._kernels, REPORT),
            ("display", self._display, "a lower rate_hz of the generator gives the display time"),
            ("restart", self._restart, REPORT),
        ]  # fmt: skip
        for name, step, cure in steps:
            try:
                line = step()
            except Exception as error:  # noqa: BLE001 -- drivers fail in many ways: a line each
                text = " ".join(f"{type(error).__name__}: {error}".split())[:400]
                line = Line(name, False, text)
            line.cure = line.cure or ("" if line.ok else cure)
            self.lines.append(line)
            yield line
            if name == "context" and not line.ok:
                return

    def _context(self) -> Line:
        """The device, its memory, and how fast numbers get there."""
        if self.is_dry:
            return Line("context", True, "dry: the CPU stands for the device")
        if why := cuda_trouble(torch):
            return Line("context", False, why)
        about = torch.cuda.get_device_properties(0)
        block = torch.empty(64 << 20, dtype=torch.uint8, pin_memory=True)
        there = torch.empty_like(block, device="cuda")
        up_ms = self._ms(lambda: there.copy_(block, non_blocking=True))
        figures = {
            "name": about.name, "memory_gb": round(about.total_memory / 1e9, 1),
            "capability": list(torch.cuda.get_device_capability(0)),
            "devices": torch.cuda.device_count(), "torch_cuda": torch.version.cuda,
            "codes": torch.cuda.get_arch_list(), "copy_gb_per_s": round(64 / 1024 / up_ms * 1e3, 1),
        }  # fmt: skip
        return Line("context", True, f"{about.name}, CUDA {torch.version.cuda}", "", figures)

    def _sharing(self) -> Line:
        """A picture written by CUDA is the picture that OpenGL reads."""
        from engine.compositor.gl.context import open_context
        from engine.play.pixels.cuda_sharing import CudaUpload, probe

        ctx = open_context()
        found = probe(ctx)
        figures = {"path": found.path, "gl": ctx.info["GL_RENDERER"]}
        if found.path != "cuda-pbo":
            return Line("sharing", self.is_dry, f"{found.path}: {found.why}", "", figures)
        wanted = torch.rand(64, 48, 4, device=found.device).half()
        texture = ctx.texture((48, 64), 4, dtype="f2")
        upload = CudaUpload(ctx)
        upload.write_tensor("check", texture, wanted.reshape(-1))
        read = np.frombuffer(texture.read(), np.float16).reshape(64, 48, 4)
        upload.drop("check")
        is_same = bool(np.array_equal(read, wanted.cpu().numpy()))
        return Line("sharing", is_same, found.why if is_same else "pixels differ", "", figures)

    def _worker(self) -> Line:
        """A worker's picture is the one that is drawn here; on CUDA it stays on the device."""
        from engine.generators.host.cuda_ring import CudaView

        with self._host() as host:
            inline = InlineHost(registry.open_spec("cppn", {}), self.device)
            asked = _request(host)
            for each in (host, inline):
                each.ask(asked, 0.0)
            there, here = _wait_frame(host), inline.newest()
            assert here is not None
            stays = there.share is not None and there.device_slot is not None
            pixels = there.pixels
            if there.share is not None and there.device_slot is not None:
                target = torch.empty(here.pixels.size, dtype=torch.float16, device=self.device)
                view = CudaView(dict(there.share))
                view.copy_to(there.device_slot, target, torch.cuda.current_stream())
                pixels = target.reshape(here.pixels.shape).cpu().numpy()
            apart = float(np.abs(pixels.astype(float) - here.pixels.astype(float)).max())
            stats = host.stats()
        where = "on the device" if stays else "through main memory"
        text = f"pictures {where}, {apart * 255:.2f}/255 apart"
        ok = apart < 3 / 255 and (stays or self.is_dry or sys.platform != "linux")
        return Line("worker", ok, text, "", {"stays": stays, "error": stats.error})

    def _precision(self) -> Line:
        """Float16 layers against float32 ones."""
        figures = {}
        for name in DRY_NETWORKS if self.is_dry else ("sg2-256", "sg3t-256", "sg3r-256"):
            found, wanted = (self._picture(name, half) for half in (True, False))
            figures[name] = float((found.float() - wanted).norm() / wanted.norm())
        worst = max(figures.values())
        text = f"float16 differs from float32 by {worst:.1e} at most"
        return Line("precision", worst < HALF_LIMIT, text, "", figures)

    def _picture(self, name: str, half: bool) -> Any:
        """Draw a raw picture by the plain path, in float16 where the network asks for it."""
        from engine.generators.networks import stylegan2, stylegan3
        from engine.generators.networks.dense import Source
        from engine.generators.networks.stylegan2_weights import read_synthesis as read2
        from engine.generators.networks.stylegan3_weights import read_synthesis as read3

        source = Source(*network(name, **(SMALL if self.is_dry else {})), self.device)
        is_second = name.startswith("sg2")
        built: Any = read2(source, half=half) if is_second else read3(source, half=half)
        width = built.blocks[0].layers[0].conv.affine if is_second else built.waves.affine
        random = torch.Generator().manual_seed(1)
        w = torch.randn(1, 1, width.weight.shape[1], generator=random).to(self.device)
        draw: Any = stylegan2.synthesize if is_second else stylegan3.synthesize
        with torch.inference_mode():
            return draw(built, w.expand(1, built.num_ws, -1))

    def _waits(self) -> Line:
        """No frame waits for the device before its end."""
        for name in self.names[:1] + self.names[-1:]:
            generator = self._build(name)
            inputs, size = _inputs(generator)
            with torch.inference_mode():
                generator.drawing.draw(inputs, size)
                there = inputs.to(self.device)  # from pageable memory: that waits, by itself
                if not self.is_dry:
                    torch.cuda.synchronize()
                    torch.cuda.set_sync_debug_mode("error")
                try:
                    raw = generator.drawing._raw(there)
                    generator.drawing._fit(raw, size)
                finally:
                    if not self.is_dry:
                        torch.cuda.set_sync_debug_mode("default")
        return Line("waits", True, "no hidden waits in a frame")

    def _speed(self, name: str) -> Line:
        """Milliseconds of a network by every path, and whether they draw the same."""
        generator = self._build(name)
        drawing, (inputs, size) = generator.drawing, _inputs(generator)
        with torch.inference_mode():
            wanted = drawing.draw(inputs, size).clone()
            figures: dict[str, Any] = {"plain_ms": self._ms(lambda: drawing.draw(inputs, size))}
            why = ""
            try:
                generator.warm_up(None)
            except ValueError as error:  # the fused kernels step aside; a graph is there
                why = str(error)
            found = drawing.draw(inputs, size)
            figures["apart"] = float((found - wanted).norm() / wanted.norm())
            figures[f"{drawing.path.replace(' ', '_')}_ms"] = self._ms(
                lambda: drawing.draw(inputs, size)
            )
            if not self.is_dry:
                figures["peak_gb"] = round(torch.cuda.max_memory_allocated() / 1e9, 2)
                torch.cuda.reset_peak_memory_stats()
        spent = ", ".join(f"{k[:-3]} {v:.2f} ms" for k, v in figures.items() if k.endswith("_ms"))
        ok = figures["apart"] < GRAPH_LIMIT and not why
        return Line(name, ok, f"{spent}{': ' + why if why else ''}", "", figures)

    def _kernels(self) -> Line:
        """The ten dearest kernels of a frame."""
        from torch.profiler import ProfilerActivity, profile

        generator = self._build(self.names[-1])
        inputs, size = _inputs(generator)
        kinds = [ProfilerActivity.CPU if self.is_dry else ProfilerActivity.CUDA]
        with torch.inference_mode():
            generator.drawing.draw(inputs, size)
            with profile(activities=kinds) as found:
                generator.drawing.draw(inputs, size)
        key = "self_cpu_time_total" if self.is_dry else "self_device_time_total"
        rows = sorted(found.key_averages(), key=lambda row: -getattr(row, key))[:10]
        top = {str(row.key)[:90]: round(getattr(row, key) / 1e3, 3) for row in rows}
        return Line("kernels", bool(top), f"dearest: {next(iter(top), 'none')[:50]}", "", top)

    def _display(self) -> Line:
        """Frames of the display beside a busy worker, against frames alone."""
        from engine.compositor.gl.context import open_context

        ctx = open_context()
        alone = _frame_times(ctx, FRAMES // 8 if self.is_dry else FRAMES, lambda: None)
        with self._host(self.names[-1]) as host:
            asked = _request(host)
            host.ask(asked)
            _wait_frame(host)

            def busy() -> None:
                host.ask(asked)
                host.tend(time.monotonic())
                host.newest()

            beside = _frame_times(ctx, FRAMES // 8 if self.is_dry else FRAMES, busy)
        figures = {"alone_p95_ms": alone, "busy_p95_ms": beside}
        text = (
            f"a frame of the display takes {beside:.1f} ms beside a busy worker, {alone:.1f} alone"
        )
        return Line("display", self.is_dry or beside < 14.0, text, "", figures)

    def _restart(self) -> Line:
        """A killed worker is replaced, and draws again."""
        with self._host() as host:
            asked = _request(host)
            host.ask(asked)
            _wait_frame(host)
            begin_s = time.monotonic()
            os.kill(host.stats().pid, getattr(signal, "SIGKILL", signal.SIGTERM))
            before = host.stats().restarts
            while host.stats().restarts == before and time.monotonic() < begin_s + WAIT_S:
                host.tend(time.monotonic())
                time.sleep(0.004)
            host.ask(asked)
            _wait_frame(host, is_patient=True)
            gap_s = time.monotonic() - begin_s
        text = f"a picture {gap_s:.1f} s after `kill -9`"
        return Line("restart", True, text, "", {"seconds": round(gap_s, 2)})

    @contextmanager
    def _opened(self, name: str = "") -> Iterator[registry.Opened]:
        """Open a generator of random weights, or the built-in one."""
        if not name:
            yield registry.open_spec("cppn", {})
            return
        state, modules = network(name, **(SMALL if self.is_dry else {}))
        kind = "stylegan2" if name.startswith("sg2") else "stylegan3"
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{name}.safetensors"
            arrays = {key: np.asarray(value, np.float32) for key, value in state.items()}
            with path.open("wb") as file:
                card.write(file, Network(kind, arrays, modules, "random weights"))
            yield registry.open_spec(kind, {"path": str(path)})

    def _build(self, name: str) -> Any:
        with self._opened(name) as opened:
            return registry.build(opened, self.device)

    @contextmanager
    def _host(self, name: str = "") -> Iterator[WorkerHost]:
        """Run such a generator in a worker."""
        with self._opened(name) as opened:
            side = opened.spec.max_px if name else 256
            host = open_worker(
                opened, self.device, max_size_px=(side, side), rate_cap_hz=1e9,
                clock=time.perf_counter, shares_cuda=not self.is_dry,
            )  # fmt: skip
            try:
                yield host
            finally:
                host.close()

    def _ms(self, draw: Callable[[], object]) -> float:
        """Median milliseconds, by the device's own clock where it has one."""
        spent = []
        for turn in range(2 if self.is_dry else ROUNDS + WARM_UP):
            if self.is_dry:
                begin_s = time.perf_counter()
                draw()
                spent.append(1e3 * (time.perf_counter() - begin_s))
                continue
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]  # torch's
            begin.record()
            draw()
            end.record()
            end.synchronize()
            if turn >= WARM_UP:
                spent.append(begin.elapsed_time(end))
        return round(statistics.median(spent), 3)


def _request(host: Any) -> Request:
    spec = host.spec
    random = np.random.default_rng(5)
    latents = {
        port.name: random.standard_normal(port.shape).astype(np.float32) for port in spec.ports
    }
    side = min(spec.max_px, 256) if spec.any_size else spec.max_px
    return Request(1.0, latents, size_px=(side, side))


def _inputs(generator: Any) -> tuple[Any, tuple[int, int]]:
    asked = _request(generator)
    return generator.inputs(asked), asked.size_px


def _wait_frame(host: WorkerHost, is_patient: bool = False) -> Any:
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        host.tend(time.monotonic())
        frame = host.newest()
        if frame is not None:
            return frame
        if not is_patient and host.stats().state.startswith("failed"):
            raise RuntimeError(host.stats().state)
        time.sleep(0.002)
    raise TimeoutError(f"no picture in {WAIT_S:.0f} s: {host.stats().error or 'nothing was said'}")


def _frame_times(ctx: Any, count: int, beside: Callable[[], None]) -> float:
    """95th percentile of a small frame of OpenGL at 60 a second, in milliseconds."""
    target = ctx.framebuffer([ctx.texture((640, 360), 4)])
    spent, due_s = [], time.monotonic()
    for number in range(count):
        due_s += 1 / 60
        time.sleep(max(due_s - time.monotonic(), 0.0))
        begin_s = time.perf_counter()
        target.clear(number % 2, 0.5, 0.5, 1.0)
        beside()
        ctx.finish()
        spent.append(1e3 * (time.perf_counter() - begin_s))
    return round(sorted(spent)[int(len(spent) * 0.95)], 2)


def run(is_dry: bool, as_json: bool, out: Path = OUT) -> int:
    """Try everything, print a line each, write one file; 1 if something failed."""
    with suppress(ImportError):  # before OpenGL: a software one's LLVM and Triton's end in a crash
        importlib.import_module("triton")
    begin_s = time.monotonic()
    trial = Trial(is_dry)
    for line in trial.run():
        if not as_json:
            print(f"{'ok  ' if line.ok else 'FAIL'} {line.name:<10} {line.found}", flush=True)
            if line.cure:
                print(f"{'':15} → {line.cure}", flush=True)
    ok = all(line.ok for line in trial.lines)
    document = {
        "ok": ok, "dry": is_dry, "seconds": round(time.monotonic() - begin_s, 1),
        "system": f"{platform.system()} {platform.release()}", "python": platform.python_version(),
        "versions": versions("torch", "triton", "cuda-core", "cuda-bindings", "moderngl"),
        "lines": [asdict(line) for line in trial.lines],
    }  # fmt: skip
    write_json(out, document)
    print(json.dumps(document, indent=2) if as_json else f"written to {out}")
    return 0 if ok else 1
