"""The bridge's CUDA branch on a machine without a GPU: a driver whose memory is main memory."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import ModuleType, SimpleNamespace
from typing import Any

import moderngl
import numpy as np
import pytest
import torch

from engine.generators.host import cuda_ring
from engine.generators.host.messages import Frame
from engine.play.pixels import live
from engine.play.pixels.bridge import Bridge
from engine.play.pixels.cuda_sharing import SharingError, gl_device, probe
from engine.play.pixels.live import LivePixels

SIZE = (64, 48)


class Driver:
    """CUDA as far as the bridge sees it: contexts, registered buffers and what is done to them."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self.ctx, self.log = ctx, list[str]()
        self.sizes: dict[int, int] = {}
        self.current = -1  # device of the current context
        self.gl_index = 1
        self.fails = ""  # the call that does

    def call(self, name: str) -> None:
        if name == self.fails:
            raise RuntimeError(f"CUDA_ERROR_UNKNOWN in {name}")
        self.log.append(name)

    def modules(self) -> dict[str, Any]:
        driver = self

        class Mapped:
            def __init__(self, resource: Any) -> None:
                self.resource = resource
                self.memory = torch.zeros(driver.sizes[resource.glo], dtype=torch.int8)

            def __dlpack__(self, **more: Any) -> Any:
                return self.memory.__dlpack__()

            def __dlpack_device__(self) -> Any:
                return self.memory.__dlpack_device__()

            def __enter__(self) -> Any:
                return self

            def __exit__(self, *_: object) -> None:
                size = driver.sizes[self.resource.glo]
                data = self.memory.numpy().tobytes()
                driver.ctx.external_buffer(self.resource.glo, size).write(data)  # type: ignore[attr-defined]
                driver.call("unmap")

        class GraphicsResource:
            def __init__(self, glo: int) -> None:
                self.glo = glo

            @classmethod
            def from_gl_buffer(cls, glo: int, *, flags: str) -> Any:
                if driver.current != driver.gl_index:
                    raise RuntimeError("CUDA_ERROR_INVALID_CONTEXT: none is current")
                assert flags == "write_discard"
                driver.call("register")
                return cls(glo)

            def map(self, *, stream: Any) -> Any:
                driver.call("map")
                return Mapped(self)

            def close(self) -> None:
                driver.call("unregister")

        core = ModuleType("cuda.core")
        core.Stream = SimpleNamespace(from_handle=lambda handle: handle)  # type: ignore[attr-defined]
        core.GraphicsResource = GraphicsResource  # type: ignore[attr-defined]
        bound = ModuleType("cuda.bindings.driver")
        bound.cuInit = lambda _: (0,)  # type: ignore[attr-defined]
        every = SimpleNamespace(CU_GL_DEVICE_LIST_ALL=1)
        bound.CUGLDeviceList = every  # type: ignore[attr-defined]
        bound.cuGLGetDevices = lambda *_: (0, 1, [driver.gl_index])  # type: ignore[attr-defined]
        return {
            "cuda": ModuleType("cuda"),
            "cuda.core": core,
            "cuda.bindings": ModuleType("cuda.bindings"),
            "cuda.bindings.driver": bound,
        }


class NvidiaContext:
    """A context that says it is NVIDIA's, and tells the driver its buffers' sizes."""

    def __init__(self, driver: Driver) -> None:
        self._driver, self._ctx = driver, driver.ctx
        self.info = {**driver.ctx.info, "GL_VENDOR": "NVIDIA Corporation"}

    def buffer(self, reserve: int) -> moderngl.Buffer:
        made = self._ctx.buffer(reserve=reserve)
        self._driver.sizes[made.glo] = reserve
        return made

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ctx, name)


class View:
    """The player's end of a worker's ring."""

    def __init__(self, handles: Mapping[str, Any]) -> None:
        self.ring = handles["ring"]

    def copy_to(self, slot: int, target: torch.Tensor, stream: Any) -> None:
        target.copy_(self.ring[slot, : target.numel()])


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    ctx = moderngl.create_context(standalone=True, backend="egl")
    made = Driver(ctx)
    for name, module in made.modules().items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(sys, "platform", "linux")
    real = torch.zeros

    def zeros(*shape: Any, device: Any = None, **more: Any) -> Any:
        """Allocating is what makes torch's context current."""
        if device is not None and str(device).startswith("cuda"):
            made.current = int(str(device)[5:])
            device = "cpu"
        return real(*shape, device=device, **more)

    monkeypatch.setattr(torch, "zeros", zeros)
    monkeypatch.setattr(torch.cuda, "set_device", lambda _: None)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda index: f"GPU {index}")
    stream = SimpleNamespace(cuda_stream=0)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda *_: stream)
    monkeypatch.setattr(cuda_ring, "CudaView", View)
    yield made
    ctx.release()


def shared(number: int, share: Mapping[str, Any]) -> Frame:
    """A frame that lies in a worker's ring."""
    empty = np.empty((SIZE[1], SIZE[0], 0), np.float16)
    return Frame(
        float(number), number, empty, {}, device_slot=number % cuda_ring.SLOTS, share=share
    )


def ring() -> dict[str, Any]:
    return {"ring": torch.rand(cuda_ring.SLOTS, SIZE[0] * SIZE[1] * 4).half()}


def test_sharing_makes_the_context_of_the_device_that_draws(driver: Driver) -> None:
    context: Any = NvidiaContext(driver)
    found = probe(context)
    assert (found.path, found.device) == ("cuda-pbo", "cuda:1")
    assert "GPU 1 shares pixel buffers" in found.why
    assert driver.log == ["register", "map", "unmap", "unregister"]


@pytest.mark.parametrize("call", ["register", "map", "unmap"])
def test_a_driver_that_refuses_means_the_next_best_path(driver: Driver, call: str) -> None:
    context: Any = NvidiaContext(driver)
    driver.fails = call
    found = probe(context)
    assert (found.path, found.device) == ("pinned", "cuda:1")
    assert f"CUDA_ERROR_UNKNOWN in {call}" in found.why


def test_windows_has_no_memory_between_processes(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    context: Any = NvidiaContext(driver)
    assert probe(context).path == "pinned"
    assert "on Linux only" in probe(context).why


def test_a_context_that_draws_on_no_cuda_device_is_said() -> None:
    nothing = SimpleNamespace(
        cuInit=lambda _: (0,),
        cuGLGetDevices=lambda *_: (100, 0, []),
        CUGLDeviceList=SimpleNamespace(CU_GL_DEVICE_LIST_ALL=1),
    )
    with pytest.raises(RuntimeError, match="draws on no CUDA device"):
        gl_device(nothing)


def test_pixels_of_two_workers_arrive_exactly_and_everything_is_given_back(driver: Driver) -> None:
    context: Any = NvidiaContext(driver)
    bridge = Bridge(context)
    share = ring()
    for number in range(6):
        share = ring() if number == 3 else share  # another worker
        bridge.take("a", shared(number, share), is_fresh=True)
        seen = bridge.pixels("a", float(number))
        assert seen is not None
        got = np.frombuffer(seen.newer.read(), np.float16)
        assert np.array_equal(got, share["ring"][number % cuda_ring.SLOTS].numpy())
    bridge.close()
    bridge.close()
    assert driver.log.count("unregister") == driver.log.count("register") == 3


def test_only_what_cuda_says_counts_as_its_failure(driver: Driver) -> None:
    context: Any = NvidiaContext(driver)
    bridge = Bridge(context)
    driver.fails = "map"
    with pytest.raises(SharingError, match="CUDA_ERROR_UNKNOWN in map"):
        bridge.take("a", shared(0, ring()))
    wrong = Frame(0.0, 1, np.zeros((4, 4, 3), np.float16), {})
    with pytest.raises(Exception, match="size mismatch") as found:
        bridge.take("a", wrong)
    assert not isinstance(found.value, SharingError)
    bridge.close()


def test_when_sharing_ends_workers_start_anew_and_the_picture_stays(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    context: Any = NvidiaContext(driver)
    bridge = Bridge(context)
    pixels = LivePixels(bridge)
    said = pixels.share_cuda(context)
    assert "frames go by cuda-pbo" in said
    assert (pixels._device, pixels._shares_cuda) == ("cuda:1", True)
    share = ring()
    pixels._upload("a", live.ShownFrame(shared(0, share), True, 0.0))
    closed = []
    pixels._slots["a"] = SimpleNamespace(close=lambda: closed.append("a"), trouble="")  # type: ignore[assignment]
    driver.fails = "map"
    pixels._upload("a", live.ShownFrame(shared(1, share), True, 0.0))
    assert (pixels.path, pixels._shares_cuda, closed) == ("pinned", False, ["a"])
    assert bridge.holds("a")
    assert pixels.complaints() == [
        "pictures go through main memory from now on: RuntimeError: CUDA_ERROR_UNKNOWN in map"
    ]
    pixels.close()
    bridge.close()
