"""The network that doubles pictures: GLSL is what torch computes, once for each picture."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import moderngl
import numpy as np
import pytest

from engine.compositor import enlarge
from engine.compositor.enlarge import Enlarger
from engine.compositor.frames import upscale
from engine.compositor.gl.surface import Pool
from engine.compositor.isf.passes import Kit

NEAR = np.array([-0.0234375, 0.2265625, 0.8671875, -0.0703125], np.float32)


def picture(size_px: tuple[int, int], seed: int = 0) -> Any:
    """Edges, slopes and noise [shape=(H, W, 4)]."""
    width, height = size_px
    y, x = np.mgrid[:height, :width]
    rng = np.random.default_rng(seed)
    planes = [x / width, (x // 5 + y // 3) % 2, np.sin(x * y / 9) / 2 + 0.5]
    colour = 0.8 * np.stack(planes, -1) + rng.uniform(0, 0.2, (height, width, 3))
    return np.concatenate([colour, np.where(y > 2, 1.0, 0.25)[..., None]], -1).astype(np.float16)


def as_texture(ctx: moderngl.Context, data: Any) -> moderngl.Texture:
    made = ctx.texture((data.shape[1], data.shape[0]), 4, data.tobytes(), dtype="f2")
    made.repeat_x = made.repeat_y = False
    return made


def by_torch(weights: Path, data: Any) -> Any:
    """What `docs/upscaler.py` computes [shape=(2H, 2W, 4)]."""
    import torch
    from torch.nn.functional import conv2d, pad, pixel_shuffle

    found = {name: torch.tensor(x.astype(np.float32)) for name, x in np.load(weights).items()}
    image = torch.tensor(data.astype(np.float32)).permute(2, 0, 1)[None]
    x, slopes = image[:, :3] - 0.5, found["slopes"]
    for n in range(len(slopes) + 1):
        x = conv2d(pad(x, (1, 1, 1, 1), "replicate"), found[f"weight{n}"], found[f"bias{n}"])
        if n < len(slopes):
            x = x.clamp_min(0) + slopes[n][:, None, None] * x.clamp_max(0)
    rows = np.stack([[*NEAR, 0], [0, *NEAR[::-1]]]).astype(np.float32)
    kernels = torch.tensor(np.einsum("ai,bj->abij", rows, rows).reshape(4, 1, 5, 5))
    wide = pad(image, (2, 2, 2, 2), "replicate").permute(1, 0, 2, 3)
    out = pixel_shuffle(conv2d(wide, kernels), 2).permute(1, 0, 2, 3)
    out[:, :3] += pixel_shuffle(x, 2)
    return out[0].permute(1, 2, 0).clamp(0, 1).numpy()


def random_weights(path: Path) -> Path:
    rng = np.random.default_rng(5)
    sizes = [3, 8, 8, 12]
    arrays = {"slopes": rng.uniform(-0.2, 0.5, (2, 8))}
    for n in range(3):
        shape = (sizes[n + 1], sizes[n], 3, 3)
        arrays[f"weight{n}"] = rng.normal(0, 0.8 / (9 * sizes[n]) ** 0.5, shape)
        arrays[f"bias{n}"] = rng.normal(0, 0.1, sizes[n + 1])
    np.savez(path, **{name: x.astype(np.float16) for name, x in arrays.items()})
    return path


def test_the_weights_are_small() -> None:
    assert upscale.WEIGHTS.stat().st_size <= 100_000


@pytest.mark.parametrize("size_px", [(24, 16), (17, 9)])
@pytest.mark.parametrize("is_ours", [True, False])
def test_glsl_is_what_torch_computes(
    ctx: moderngl.Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    size_px: tuple[int, int], is_ours: bool,
) -> None:  # fmt: skip
    if not is_ours:
        monkeypatch.setattr(upscale, "WEIGHTS", random_weights(tmp_path / "random.npz"))
    pool = Pool(ctx)
    network = upscale.Upscaler(ctx, pool)
    data = picture(size_px)
    texture = network.doubled(as_texture(ctx, data), 1)
    assert texture.size == (2 * size_px[0], 2 * size_px[1])
    found = np.frombuffer(texture.read(), np.float16).reshape(*texture.size[::-1], 4)
    assert np.abs(found - by_torch(upscale.WEIGHTS, data)).max() <= 1.5 / 255
    network.release()
    pool.clear()


def test_a_picture_is_doubled_once(ctx: moderngl.Context, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = Pool(ctx)
    network = upscale.Upscaler(ctx, pool)
    drawn = []
    draw = network._draw
    monkeypatch.setattr(network, "_draw", lambda given: (drawn.append(given), draw(given))[1])
    texture = as_texture(ctx, picture((8, 8)))
    for _ in range(5):
        assert network.doubled(texture, 7) is network.doubled(texture, 7)
        network.doubled(texture, 8)
    assert len(drawn) == 2
    for number in range(40):
        network.doubled(texture, number)
    assert len(network._kept) == 8
    network.release()
    pool.clear()


@pytest.mark.parametrize(("is_software", "wanted", "is_used"), [
    (True, "auto", False), (True, "network", True), (True, "spline", False),
    (False, "auto", True), (False, "network", True), (False, "spline", False),
])  # fmt: skip
def test_a_layer_chooses_and_without_a_gpu_it_is_off(
    ctx: moderngl.Context, monkeypatch: pytest.MonkeyPatch,
    is_software: bool, wanted: str, is_used: bool,
) -> None:  # fmt: skip
    monkeypatch.setattr(enlarge, "is_software", lambda _: is_software)
    kit = Kit(ctx, 60.0)
    enlarger = Enlarger(kit)
    older, newer = (as_texture(ctx, picture((16, 12), seed)) for seed in (1, 2))
    pixels: Any = SimpleNamespace(
        older=older, newer=newer, weight=0.5, numbers=(1, 2), is_flow=False
    )
    seen = {}
    for each in ("spline", wanted):
        surface = enlarger.draw(pixels, (64, 48), each)
        seen[each] = surface.texture.read()
        # drawn at least at half the layer's size, and enlarged with it
        assert surface.size_px in ((32, 24), (64, 48))
        kit.pool.give(surface)
    assert (seen[wanted] != seen["spline"]) == is_used
    plain = enlarger.draw(pixels, (17, 13), wanted)  # hardly enlarged: not worth a network
    assert plain.size_px == (17, 13)
    enlarger.release()
    kit.release()
