"""Devices: what is chosen, and what is refused with the reason."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from engine.generators.device import cuda_trouble, pick_device, runs_on

WHEEL = ["sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120", "compute_120"]


def torch_with(capability: tuple[int, int], count: int = 1) -> Any:
    """What torch says on a machine with GPUs of one architecture."""
    cuda = SimpleNamespace(
        is_available=lambda: count > 0,
        device_count=lambda: count,
        get_device_capability=lambda _: capability,
        get_arch_list=lambda: WHEEL,
        get_device_name=lambda _: "GeForce GTX 1080",
    )
    return SimpleNamespace(cuda=cuda)


def test_devices() -> None:
    assert pick_device("cpu") == "cpu"
    assert pick_device("auto") in ("cpu", "cuda", "mps")
    for name in ("tpu", "cuda:", "cuda:x", "cuda:1 "):
        with pytest.raises(ValueError, match="write auto, cpu, cuda, cuda:1 or mps"):
            pick_device(name)


def test_a_device_that_is_not_here_is_refused() -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    for name in ("cuda", "cuda:1"):
        with pytest.raises(ValueError, match="no cuda device here: choose auto or cpu"):
            pick_device(name)


@pytest.mark.parametrize(
    ("capability", "runs"),
    [((6, 1), False), ((7, 0), False), ((7, 5), True), ((8, 7), True), ((8, 9), True),
     ((9, 0), True), ((11, 0), False), ((12, 1), True), ((13, 0), True)],
)  # fmt: skip
def test_code_runs_on_its_own_architecture_and_on_later_minor_ones(
    capability: tuple[int, int], runs: bool
) -> None:
    assert runs_on(capability, WHEEL) is runs


def test_a_gpu_without_code_counts_as_none_and_says_why() -> None:
    assert cuda_trouble(torch_with((8, 6))) == ""
    why = cuda_trouble(torch_with((6, 1)))
    assert "GTX 1080 is of architecture sm_61, for which this torch has no code (sm_75" in why
    assert "no device cuda:1 here, only 1" in cuda_trouble(torch_with((8, 6)), 1)


def test_auto_plays_on_the_cpu_where_the_gpu_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch, "cuda", torch_with((6, 1)).cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert pick_device("auto") == "cpu"
    with pytest.raises(ValueError, match="sm_61"):
        pick_device("cuda")
