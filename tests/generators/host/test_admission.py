"""Memory is checked before a model is built; one that does not fit waits, and says so."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.generators import memory as memory_module
from engine.generators.host import admission
from engine.generators.host.inline_host import InlineHost
from engine.generators.host.worker_host import open_worker
from engine.generators.kinds import stylegan2, stylegan3
from engine.generators.registry import open_spec
from engine.generators.stylegan import memory
from engine.generators.stylegan.canvas import Canvas
from engine.models.network import Network
from engine.models.random_networks import make_stylegan2, make_stylegan3
from tests import stylegan_files as files
from tests.performing import until
from tests.stand_ins.slow_generator import Config

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def test_where_there_is_no_saying_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission.free_memory, "available_bytes", lambda: 7)
    assert admission.available_bytes("mps") is None
    assert admission.available_bytes("cpu") == 7


def test_a_generator_that_says_nothing_is_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "available_bytes", lambda _: 0)
    assert admission.memory_shortage(open_spec("cppn", {}), "cpu") == ""


def test_a_refusal_names_the_model_and_both_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, modules = make_stylegan2(32, base=512, most=32, dims=(32, 0, 32))
    path = files.save(tmp_path / "faces.safetensors", "stylegan2", state, modules)
    monkeypatch.setattr(admission, "available_bytes", lambda _: 123_000_000)
    config = stylegan2.Config(str(path))
    opened = open_spec("stylegan2", config)
    said = admission.memory_shortage(opened, "cpu")
    needed = stylegan2.memory_bytes(config, "cpu") / 1e9
    assert said == (
        f"model faces.safetensors needs about {needed:.1f} GB and 0.1 GB of memory are free: "
        "close other programs or scenes, or choose a smaller network"
    )
    with pytest.raises(ValueError, match=r"model faces\.safetensors needs about"):
        InlineHost(opened, "cpu")  # a film does not wait until somebody closes a program
    monkeypatch.setattr(admission, "available_bytes", lambda _: 10**12)
    assert admission.memory_shortage(opened, "cpu") == ""


# Waiting


def test_who_does_not_fit_waits_with_the_same_words() -> None:
    refusals, said = iter(["0.8 GB are free", "0.7 GB are free", ""]), []
    assert admission.await_memory(
        lambda: next(refusals), lambda *row: said.append(row), lambda: True
    )
    assert said == [("failed", "0.8 GB are free"), ("failed", "0.8 GB are free"), ("starting", "")]


def test_who_fits_says_nothing() -> None:
    assert admission.await_memory(
        lambda: "", lambda *_: pytest.fail("spoke"), lambda: pytest.fail("sat")
    )


def test_who_is_not_wanted_any_more_ends() -> None:
    assert not admission.await_memory(lambda: "no", lambda *_: None, lambda: False)


@on_linux
def test_a_worker_loads_when_memory_becomes_free(tmp_path: Path) -> None:
    """It is not started again meanwhile, and nobody takes it for hung."""
    need = tmp_path / "need"
    need.write_text(str(10**15))
    opened = open_spec("tests.stand_ins.slow_generator", Config(needs=str(need)))
    host = open_worker(opened, "cpu", max_size_px=(16, 16), rate_cap_hz=60.0)
    try:
        _until(host, lambda: host.stats().state.startswith("failed"))
        assert "needs about 1000000.0 GB and " in host.stats().state
        pid = host.stats().pid
        need.write_text("0")
        _until(host, lambda: host.stats().state == "ready")
        assert (host.stats().pid, host.stats().restarts) == (pid, 0)
    finally:
        host.close()


def _until(host: Any, is_done: Any) -> None:
    until(lambda: host.tend(time.monotonic()) or is_done(), host.stats)


# The estimate; its factors are measured by bench/model_memory.py


def network_of(kind: str, made: Any) -> Network:
    state, modules = made
    arrays = {name: np.asarray(value, np.float32) for name, value in state.items()}
    return Network(kind, arrays, modules, origin="random")


def test_a_larger_network_and_a_larger_canvas_take_more() -> None:
    small = network_of("stylegan2", make_stylegan2(64, most=64))
    large = network_of("stylegan2", make_stylegan2(128, most=64))
    one, wide = Canvas("x"), Canvas("x", wide=4.0)
    found = [memory.memory_bytes(n, c, "cpu")
             for n, c in ((small, one), (large, one), (large, wide))]  # fmt: skip
    assert found == sorted(found)
    assert found[0] < found[1] < found[2]
    assert memory.memory_bytes(large, one, "cuda") != found[1]


def test_copies_are_counted_where_there_are_any() -> None:
    """Of 3×3 weights on the CPU: so a StyleGAN3-R, whose weights are 1×1, has none."""
    plain, spatial = (
        network_of("stylegan3", make_stylegan3(32, base=1024, most=64, kernel=kernel))
        for kernel in (1, 3)
    )
    weights = [sum(t.size for t in n.state.values()) * 4 for n in (plain, spatial)]
    found = [memory.memory_bytes(n, Canvas("x"), "cpu") for n in (plain, spatial)]
    assert found[1] - found[0] > 4 * (weights[1] - weights[0])
    found = [memory.memory_bytes(n, Canvas("x"), "cuda") for n in (plain, spatial)]
    assert found[1] - found[0] < 2 * (weights[1] - weights[0])


@on_linux
@pytest.mark.parametrize(("kind", "golden"), [(stylegan2, "tiny-sg2ada-64-c5-map2"),
                                              (stylegan3, "tiny-sg3r-64"),
                                              (stylegan3, "tiny-sg3t-64")])  # fmt: skip
def test_every_family_says_what_it_needs(kind: Any, golden: str, tmp_path: Path) -> None:
    arrays, about = files.golden(golden)
    family = kind.__name__.rpartition(".")[2]
    path = files.save(tmp_path / "m.safetensors", family, files.state_of(arrays), about["modules"])
    found = kind.memory_bytes(kind.Config(str(path)), "cpu")
    assert memory_module.PROCESS_BYTES < found < 2 * memory_module.PROCESS_BYTES
