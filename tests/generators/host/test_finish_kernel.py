"""One kernel finishes a picture as torch's passes do, in Triton's interpreter."""

from __future__ import annotations

import numpy as np
import pytest
import torch

pytest.importorskip("triton", reason="triton is not installed")

from engine.generators.host import pixels as host_pixels
from engine.generators.host.finish_kernel import finish_into
from tests.stylegan_files import DEVICE


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_it_is_what_torch_makes_of_it(channels: int, layout: torch.memory_format) -> None:
    random = torch.Generator().manual_seed(1)
    given = torch.randn(1, channels, 19, 37, generator=random) + 0.5
    given[0, 0, :3, 0] = torch.tensor([float("nan"), float("inf"), float("-inf")])
    given = given.contiguous(memory_format=layout)
    wanted = host_pixels.finish(given)
    out = torch.full((19, 37, 4), 9.0, dtype=torch.float16, device=DEVICE)
    finish_into(given.to(DEVICE), out)
    assert np.array_equal(out.cpu().numpy(), wanted.numpy())


@pytest.mark.parametrize("channels", [3, 4])
def test_a_signed_picture_is_what_the_network_presents(channels: int) -> None:
    from engine.generators.contract import Signed
    from engine.generators.stylegan.controls import is_ready, present

    raw = 1.3 * torch.randn(1, channels, 9, 14, generator=torch.Generator().manual_seed(2))
    raw[0, 1, 0, 0] = float("nan")
    wanted = host_pixels.finish(present(raw, (14, 14)))
    assert np.array_equal(host_pixels.finish(Signed(raw)).numpy(), wanted.numpy())
    out = torch.empty((9, 14, 4), dtype=torch.float16, device=DEVICE)
    finish_into(raw.to(DEVICE), out, True)
    assert np.array_equal(out.cpu().numpy(), wanted.numpy())
    assert is_ready(raw, (14, 9))
    assert not is_ready(raw, (13, 9))  # it is made smaller first
    assert not is_ready(raw[:, :1], (14, 9))  # grey is thrice the same


def test_a_cut_picture_is_finished_where_it_lies() -> None:
    whole = torch.rand(1, 3, 20, 30)
    part = whole[:, :, 3:17, 5:25]
    out = torch.empty((14, 20, 4), dtype=torch.float16, device=DEVICE)
    finish_into(part.to(DEVICE) if DEVICE != "cpu" else part, out)
    assert np.array_equal(out.cpu().numpy(), host_pixels.finish(part).numpy())


def test_a_picture_is_written_where_it_is_wanted() -> None:
    slot = torch.zeros(4 * 6 * 4 + 8, dtype=torch.float16)
    given = torch.rand(1, 3, 4, 6)
    found = host_pixels.finish(given, lambda size: slot[: 4 * 6 * 4].view(*size, 4))
    assert found.data_ptr() == slot.data_ptr()
    assert np.array_equal(found.numpy(), host_pixels.finish(given).numpy())
    assert (slot[96:] == 0).all()


def test_a_kernel_that_fails_steps_aside_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.generators.host import finish_kernel

    def fail(*_: object) -> None:
        raise OSError("no driver")

    aside: list[str] = []
    monkeypatch.setattr(host_pixels, "_STEPPED_ASIDE", aside)
    monkeypatch.setattr(finish_kernel, "finish_into", fail)
    given, out = torch.rand(1, 3, 4, 4), torch.empty((4, 4, 4), dtype=torch.float16)
    assert not host_pixels._finish_fused(given, out, False)
    assert aside == ["OSError: no driver"]
    monkeypatch.setattr(finish_kernel, "finish_into", lambda *_: None)
    assert not host_pixels._finish_fused(given, out, False)
