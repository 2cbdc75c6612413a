"""Drawing by the fastest path that is ready: plain at first, then loops, a compiler or a graph."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.core.show.generator import Request
from engine.generators.cpu.compile import is_compiled
from engine.generators.cuda_graph import Static
from engine.generators.host.inline_host import InlineHost
from engine.generators.host.warm_up import warm_up
from engine.generators.kinds import stylegan2, stylegan3
from engine.generators.registry import open_spec
from engine.generators.stylegan import drawing as draw
from engine.models.random_networks import make_stylegan2, make_stylegan3, network
from tests import stylegan_files as files
from tests.performing import LIMIT_S, until

one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)
TINY: dict[str, Any] = {"base": 512, "most": 24, "dims": (24, 3, 32), "mapping_layers": 2}
FAMILIES: dict[str, Any] = {"stylegan2": stylegan2, "stylegan3": stylegan3}


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    nets = {
        "stylegan2": make_stylegan2(32, **TINY),
        "stylegan3": make_stylegan3(32, **TINY, layers=6),
        "swish": make_stylegan2(32, **TINY, activation="swish"),  # no loops serve it
    }
    return {
        name: files.save(folder / f"{name}.safetensors", name.replace("swish", "stylegan2"), *net)
        for name, net in nets.items()
    }


def build(paths: dict[str, Path], name: str, device: str = "cpu", **canvas: Any) -> Any:
    family = FAMILIES.get(name, stylegan2)
    return family.build(family.Config(str(paths[name]), **canvas), device)


def request(seed: int = 1, **controls: float) -> Request:
    random = np.random.RandomState(seed)
    latents = {name: random.randn(24).astype(np.float32) for name in ("z", "z_b")}
    return Request(0.0, latents, {"truncation": 0.7, "mix_fine": 0.5, **controls}, (32, 32))


def many(wish: Request, count: int) -> dict[str, Any]:
    """Latents of a wish, each at several points if there are several."""
    if count == 1:
        return dict(wish.latents)
    return {
        name: np.stack([np.roll(z, k) for k in range(count)]) for name, z in wish.latents.items()
    }


WISHES = [request(1), request(2, class_mix=0.5), request(3, truncation=-0.5, truncation_cutoff=3)]


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("clock", [None, time.perf_counter], ids=["film", "live"])
def test_the_plain_path_plays_until_the_loops_are_ready(
    paths: dict[str, Path], name: str, clock: Callable[[], float] | None
) -> None:
    generator = build(paths, name)
    assert generator.drawing.path == "plain"
    before = [generator.render(wish)[0] for wish in WISHES]
    generator.warm_up(clock)
    assert generator.drawing.path == ("loops" if is_compiled() else "plain")
    for wish, plain in zip(WISHES, before, strict=True):
        assert files.distance(generator.render(wish)[0], plain) < 1e-4


def test_frames_go_on_while_a_worker_prepares() -> None:
    """The thread takes its time; a frame is made meanwhile, and the failure is told, not raised."""
    begun, may_end = threading.Event(), threading.Event()

    class Slow:
        def warm_up(self, clock: object) -> None:
            begun.set()
            may_end.wait(LIMIT_S)
            raise RuntimeError("no compiler\nhere")

    said = warm_up(Slow(), "cpu", None, lambda error: str(error).split()[0])
    assert begun.wait(LIMIT_S)
    assert list(said) == [("compiles", "")]
    may_end.set()
    until(lambda: len(said) == 3, "the words of the thread")
    assert list(said)[1:] == [("error", "no faster path: no"), ("compiled", "")]
    assert not warm_up(object(), "cpu", None, str)


def test_a_film_waits_for_the_faster_path(paths: dict[str, Path]) -> None:
    config = stylegan2.Config(str(paths["stylegan2"]))
    host = InlineHost(open_spec("stylegan2", config), "cpu")
    assert host._generator.drawing.path == ("loops" if is_compiled() else "plain")  # type: ignore[attr-defined]


@pytest.mark.parametrize("faster", [True, False])
def test_a_compiler_is_used_where_it_pays(
    paths: dict[str, Path], monkeypatch: pytest.MonkeyPatch, faster: bool
) -> None:
    generator = build(paths, "swish")
    assert generator.model.cpu_backend is None
    wanted = generator.render(WISHES[0])[0]
    calls: list[str] = []
    clock = {"s": 0.0}

    def compiled(plain: Any, dynamic: bool) -> Any:
        assert dynamic is False

        def run(ws: torch.Tensor, more: torch.Tensor, bend: Any) -> torch.Tensor:
            calls.append("compiled")
            clock["s"] += 0.5 if faster else 2.0
            return plain.__wrapped__(ws, more, bend)  # type: ignore[no-any-return]

        return run

    real = generator.drawing._synthesize

    def plain(ws: torch.Tensor, more: torch.Tensor, bend: Any) -> torch.Tensor:
        clock["s"] += 1.0
        return real(ws, more, bend)  # type: ignore[no-any-return]

    plain.__wrapped__ = real  # type: ignore[attr-defined]
    generator.drawing._synthesize = plain
    monkeypatch.setattr(torch, "compile", compiled)
    monkeypatch.setattr(draw, "has_compiler", lambda: True)
    generator.warm_up(None)
    assert not calls  # chance decides nothing in a film
    generator.warm_up(lambda: clock["s"])
    assert calls
    assert generator.drawing.path == ("torch.compile" if faster else "plain")
    assert files.distance(generator.render(WISHES[0])[0], wanted) < 1e-6


def test_without_a_compiler_the_plain_path_stays(
    paths: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    assert not draw.has_compiler()
    generator = build(paths, "swish")
    generator.warm_up(time.perf_counter)
    assert generator.drawing.path == "plain"


DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.cuda)]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("canvas", [{}, {"wide": 2.0, "points": 3, "closed": True}], ids=str)
@pytest.mark.parametrize("name", FAMILIES)
def test_inputs_of_fixed_place_serve_every_picture(
    paths: dict[str, Path], name: str, canvas: dict[str, Any], device: str
) -> None:
    """What a graph on a GPU needs: everything that changes is a tensor whose place stays."""
    generator = build(paths, name, device, **canvas)
    drawing = generator.drawing
    static = Static(drawing._raw, drawing.example(), device)
    places = [tensor.data_ptr() for tensor in static._inputs.tensors()]
    count = canvas.get("points", 1)
    wishes = [replace(w, latents=many(w, count), size_px=(64, 64)) for w in WISHES]
    wanted = [generator.render(wish)[0].cpu() for wish in wishes]
    drawing._graph = static
    near = 1e-6 if device == "cpu" else 2e-2  # convolutions in TF32
    for wish, plain in zip(wishes, wanted, strict=True):
        assert files.distance(generator.render(wish)[0].cpu(), plain) < near
    assert places == [tensor.data_ptr() for tensor in static._inputs.tensors()]


@pytest.mark.cuda
@pytest.mark.parametrize("name", FAMILIES)
def test_a_graph_on_cuda_draws_what_the_plain_path_draws(paths: dict[str, Path], name: str) -> None:
    generator = build(paths, name, "cuda")
    wanted = [generator.render(wish)[0] for wish in WISHES]
    generator.warm_up(None)
    assert generator.drawing.path == "fused graph"
    for wish, plain in zip(WISHES, wanted, strict=True):
        assert files.distance(generator.render(wish)[0], plain) < 2e-3


@pytest.fixture(scope="module")
def half_paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Networks whose last four resolutions ask for float16, as NVIDIA's do."""
    folder = tmp_path_factory.mktemp("half")
    small: dict[str, Any] = {"base": 2048, "most": 64, "dims": (24, 3, 32)}
    return {
        name: files.save(folder / f"{name}.safetensors", name, *network(kind, **small))
        for name, kind in (("stylegan2", "sg2-64"), ("stylegan3", "sg3t-64"))
    }


@pytest.mark.cuda
@pytest.mark.parametrize("name", FAMILIES)
def test_float16_layers_on_cuda_draw_nearly_the_same_by_every_path(
    half_paths: dict[str, Path], name: str
) -> None:
    generator, on_cpu = build(half_paths, name, "cuda"), build(half_paths, name)
    asked = replace(WISHES[0], size_px=(64, 64))
    wanted = on_cpu.render(asked)[0]
    assert files.distance(generator.render(asked)[0].cpu(), wanted) < 2e-2
    generator.warm_up(None)
    assert files.distance(generator.render(asked)[0].cpu(), wanted) < 2e-2


@pytest.mark.cuda
@pytest.mark.parametrize("name", FAMILIES)
def test_no_frame_on_cuda_waits_for_the_device(half_paths: dict[str, Path], name: str) -> None:
    generator = build(half_paths, name, "cuda")
    asked = replace(WISHES[0], size_px=(64, 64))
    for warm in (lambda: None, lambda: generator.warm_up(None)):
        warm()
        generator.render(asked)  # what is made once
        inputs = generator.inputs(asked).to("cuda")  # from pageable memory: that waits, by itself
        torch.cuda.synchronize()
        torch.cuda.set_sync_debug_mode("error")
        try:
            with torch.inference_mode():
                generator.drawing._raw(inputs)
        finally:
            torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize("name", FAMILIES)
def test_without_room_for_a_graph_the_plain_path_goes_on(
    name: str, paths: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("engine.generators.cuda_graph.Static", full)
    drawing = build(paths, name).drawing
    wanted = drawing._raw(drawing.example())
    drawing._device, drawing._fused = "cuda", lambda: full
    with pytest.raises(torch.OutOfMemoryError):
        drawing.warm_up()
    drawing._device = "cpu"
    assert drawing.path == "plain"
    assert torch.equal(
        drawing.draw(drawing.example(), (1000, 1000)), drawing._fit(wanted, (1000, 1000))
    )


class Graph:
    """Stands for a captured graph."""

    def __init__(self, draw: Any, example: Any, device: str) -> None:
        self.draw = draw

    def __call__(self, inputs: Any) -> torch.Tensor:
        return self.draw(inputs)


@pytest.mark.parametrize("name", FAMILIES)
def test_fused_kernels_serve_or_step_aside_with_a_sentence(
    name: str, paths: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.generators.cuda_graph.Static", Graph)
    plain = build(paths, name).drawing
    wanted = plain._raw(plain.example())
    drawing = build(paths, name).drawing
    drawing._device, drawing._fused = "cuda", lambda: lambda *_: torch.zeros(1)
    drawing._capture()
    assert drawing.path == "fused graph"
    assert drawing._graph(drawing.example()).numel() == 1

    def refuse() -> Any:
        raise OSError("no compiler")

    drawing = build(paths, name).drawing
    drawing._device, drawing._fused = "cuda", refuse
    with pytest.raises(ValueError, match="step aside, the plain path goes on: OSError: no compil"):
        drawing._capture()
    assert drawing.path == "graph"
    drawing._device = "cpu"
    assert torch.equal(drawing._graph(drawing.example()), wanted)
