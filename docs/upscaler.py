"""Train the small network that doubles pictures on a GPU, and measure it on pictures it never saw.

``python docs/upscaler.py train engine/compositor/frames/upscaler.npz`` (about a quarter of an hour
of one CPU core), ``… measure engine/compositor/frames/upscaler.npz PICTURE…``. Nothing is
downloaded: it learns from dead leaves (things that hide each other, painted here), from the CPPN
and from the pictures of docs/; the ones in `HELD_OUT` are left out. Any photographs do for
measuring. The shipped weights are 6000 steps from nothing (seed 0, by the plain squared error),
then ``--start`` with 1000 (``--stock 40 --seed 1``).

The network: five 3×3 convolutions of eight planes (after ESPCN, Shi et al. 2016) tell what a
doubled picture differs by from the bicubic one. `engine/compositor/frames/upscale.py` draws it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor, nn
from torch.nn.functional import conv2d, interpolate, mse_loss, pad, pixel_shuffle

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from engine.core.show.generator import Request
from engine.generators.kinds import cppn

PLANES, DEPTH = 8, 5
SHADES = 12  # of a doubled pixel: red of its four, green, blue
HELD_OUT = ("earth.jpg", "painted.jpg", "help.png", "paths.png", "launchpad.png", "first-show.jpg")
PATCH_PX, BATCH = 64, 16
# Catmull-Rom at a quarter of a pixel to either side: twice the size, centres kept.
BICUBIC = np.array([-0.0703125, 0.8671875, 0.2265625, -0.0234375], np.float32)


class Upscaler(nn.Module):
    """Doubles pictures [shape=(N, 3, H, W)], sRGB in 0..1."""

    def __init__(self) -> None:
        super().__init__()
        sizes = [3, *[PLANES] * (DEPTH - 1), SHADES]
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3) for a, b in pairwise(sizes))
        self.slopes = nn.Parameter(torch.full((DEPTH - 1, PLANES), 0.2))
        nn.init.zeros_(self.convs[-1].weight)
        nn.init.zeros_(self.convs[-1].bias)

    def forward(self, small: Tensor) -> Tensor:
        """Double: bicubic, and what the network knows better."""
        x = small - 0.5
        for index, conv in enumerate(self.convs):
            x = conv(pad(x, (1, 1, 1, 1), mode="replicate"))
            if index < DEPTH - 1:
                slope = self.slopes[index][:, None, None]
                x = x.clamp_min(0.0) + slope * x.clamp_max(0.0)
        return doubled(small) + pixel_shuffle(x, 2)


def doubled(small: Tensor) -> Tensor:
    """Double by bicubic interpolation (Keys, a = -0.5)."""
    near = torch.tensor(BICUBIC)
    rows = torch.stack([pad(near.flip(0), (0, 1)), pad(near, (1, 0))])
    kernels = torch.einsum("ai,bj->abij", rows, rows).reshape(4, 1, 5, 5)
    n, c, h, w = small.shape
    planes = pad(small, (2, 2, 2, 2), mode="replicate").reshape(n * c, 1, h + 4, w + 4)
    return pixel_shuffle(conv2d(planes, kernels), 2).reshape(n, c, 2 * h, 2 * w)


def halved(picture: Tensor, kind: str) -> Tensor:
    """Half a picture: ``bicubic`` with antialiasing, or the mean of four pixels (``area``)."""
    if kind == "area":
        return interpolate(picture, scale_factor=0.5, mode="area")
    return interpolate(
        picture, scale_factor=0.5, mode="bicubic", antialias=True, align_corners=False
    ).clamp(0, 1)


def _texture(rng: np.random.Generator, side: int) -> np.ndarray:
    """Noise of which slow waves are stronger [shape=(side, side, 3)], about 0."""
    waves = np.fft.rfft2(rng.standard_normal((side, side, 3)), axes=(0, 1))
    far = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]) + 1.0 / side
    waves *= (far ** -rng.uniform(0.8, 2.0))[..., None]
    found = np.fft.irfft2(waves, (side, side), axes=(0, 1))
    grey = found.mean(2, keepdims=True)
    found = grey + rng.uniform(0.1, 1.0) * (found - grey)
    return np.asarray(found / found.std())


def _leaf(rng: np.random.Generator, draw: ImageDraw.ImageDraw, side: int) -> None:
    """Draw one shape: a disc, a polygon, a stroke or a letter."""
    x, y = rng.uniform(0, side, 2)
    size = side * 0.03 / rng.uniform(0.03, 1.0) ** 0.8
    kind = rng.integers(5)
    if kind == 0:
        draw.ellipse((x - size, y - size * rng.uniform(0.3, 1), x + size, y + size), fill=255)
    elif kind == 1:
        angles = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 7)))
        draw.polygon([(x + size * np.cos(a), y + size * np.sin(a)) for a in angles], fill=255)
    elif kind == 2:
        end = rng.uniform(0, side, 2)
        draw.line((x, y, *end), fill=255, width=int(rng.uniform(1, 12)))
    elif kind == 3:
        draw.arc((x - size, y - size, x + size, y + size), *rng.uniform(0, 360, 2), fill=255,
                 width=int(rng.uniform(1, 10)))  # fmt: skip
    else:
        text = "".join(chr(c) for c in rng.integers(48, 123, 6))
        draw.text((x, y), text, fill=255, font_size=float(np.clip(size, 10, 120)))


def leaves(rng: np.random.Generator, textures: list[np.ndarray]) -> np.ndarray:
    """Paint things that hide each other [shape=(side / 2, side / 2, 3)], in 0..1."""
    side = len(textures[0])
    canvas = 0.5 + rng.uniform(0.05, 0.2) * textures[rng.integers(len(textures))]
    for _ in range(int(rng.integers(15, 90))):
        mask = Image.new("L", (side, side))
        _leaf(rng, ImageDraw.Draw(mask), side)
        inside = np.asarray(mask) > 0
        places = np.argwhere(inside) / side - 0.5
        slope = places @ rng.normal(0, 0.2, (2, 3))
        colour = rng.uniform(0, 1) + 0.4 * rng.uniform(-0.5, 0.5, 3) + slope
        if rng.uniform() < 0.7:
            texture = np.roll(textures[rng.integers(len(textures))], rng.integers(side), (0, 1))
            colour = colour + rng.uniform(0, 0.15) * texture[inside]
        canvas[inside] = colour
    small = canvas.clip(0, 1).reshape(side // 2, 2, side // 2, 2, 3).mean((1, 3))
    return np.asarray(small)


def walks(rng: np.random.Generator, count: int) -> Iterator[np.ndarray]:
    """Pictures of the CPPN [shape=(384, 384, 3)]."""
    for _ in range(count):
        built = cppn.build(cppn.Config(network_seed=int(rng.integers(1, 9))))
        given = {"z": rng.standard_normal(64).astype(np.float32)}
        pixels, _ = built.render(Request(0.0, given, size_px=(768, 768)))
        yield halved(pixels[:, :3], "area")[0].permute(1, 2, 0).numpy()


def pictures() -> Iterator[np.ndarray]:
    """Pictures of docs/ at half their size, without what their JPEG left."""
    for path in sorted((ROOT / "docs").rglob("*")):
        if path.suffix in (".jpg", ".png") and path.name not in HELD_OUT:
            with Image.open(path) as file:
                whole = file.convert("RGB").reduce(2)
            if min(whole.size) > PATCH_PX:
                yield np.asarray(whole) / 255.0


def train(target: Path, start: Path | None, steps: int, stock_size: int, seed: int) -> None:
    """Train, and write the weights in half precision.

    What is made larger is the PSNR of each patch: errors of flat and of busy ones count alike.

    Parameters
    ----------
    start
        Weights to go on from, at a quarter of the rate.
    stock_size
        How many dead leaves are painted, and as many pictures of the CPPN in ten.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(1)  # beside other work two threads wait for each other
    rng = np.random.default_rng(seed)
    textures = [_texture(rng, 512) for _ in range(16)]
    stock = [leaves(rng, textures) for _ in range(stock_size)]
    stock += walks(rng, stock_size // 10)
    shown = list(pictures())
    stock += shown * max(1, stock_size // len(shown))
    data = [torch.tensor(x, dtype=torch.float32).permute(2, 0, 1) for x in stock]
    network, begun = (read(start).train() if start else Upscaler()), time.monotonic()
    rate = 5e-4 if start else 2e-3
    optimiser = torch.optim.Adam(network.parameters(), rate)
    plan = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.05)
    for step in range(steps):
        chosen = [patch(rng, data[rng.integers(len(data))]) for _ in range(BATCH)]
        big = torch.stack(chosen)
        small = halved(big, "area" if rng.uniform() < 0.3 else "bicubic")
        small = (small * 255).round() / 255
        errors = (network(small) - big)[..., 4:-4, 4:-4].square().mean((1, 2, 3))
        loss = (errors + 1e-5).log10().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        plan.step()
        if step % 100 == 99:
            took_s = time.monotonic() - begun
            print(f"{step + 1}: {-10 * loss.item():.2f} dB, {took_s:.0f} s", flush=True)
            write(target, network)
    write(target, network)


def patch(rng: np.random.Generator, picture: Tensor) -> Tensor:
    """Cut a patch out, turned and mirrored by chance."""
    _, height, width = picture.shape
    y, x = rng.integers(height - PATCH_PX + 1), rng.integers(width - PATCH_PX + 1)
    cut = picture[:, y : y + PATCH_PX, x : x + PATCH_PX]
    cut = torch.rot90(cut, int(rng.integers(4)), (1, 2))
    return cut.flip(2) if rng.uniform() < 0.5 else cut


def write(target: Path, network: Upscaler) -> None:
    """Write the weights [shape=(out, in, 3, 3)], biases and slopes."""
    arrays = {f"weight{i}": conv.weight for i, conv in enumerate(network.convs)}
    arrays |= {f"bias{i}": conv.bias for i, conv in enumerate(network.convs)}
    arrays["slopes"] = network.slopes
    half = {name: x.detach().numpy().astype(np.float16) for name, x in arrays.items()}
    np.savez_compressed(target, **half)  # type: ignore[arg-type]


def read(source: Path) -> Upscaler:
    """Read the weights back."""
    network = Upscaler()
    with np.load(source) as found:
        state = {name: torch.tensor(found[name].astype(np.float32)) for name in found.files}
    for index in range(DEPTH):
        for kind in ("weight", "bias"):
            state[f"convs.{index}.{kind}"] = state.pop(f"{kind}{index}")
    network.load_state_dict(state)
    return network.eval()


def psnr_db(a: Tensor, b: Tensor) -> float:
    """Peak signal to noise of two pictures in 0..1, without a border of 4 pixels, all channels."""
    return -10 * float(mse_loss(a.clamp(0, 1)[..., 4:-4, 4:-4], b[..., 4:-4, 4:-4]).log10())


def measure(source: Path, paths: list[Path]) -> None:
    """Print what is gained over bicubic, picture by picture; the held-out ones if none is named."""
    network = read(source)
    paths = paths or [p for p in sorted((ROOT / "docs").rglob("*")) if p.name in HELD_OUT]
    print(f"{'picture':24} {'bicubic':>8} {'network':>8} {'gain':>6}  dB")
    gains = []
    for path in paths:
        with Image.open(path) as file:
            whole = file.convert("RGB")
        width, height = whole.width // 2 * 2, whole.height // 2 * 2
        big = torch.tensor(np.asarray(whole)[:height, :width] / 255.0, dtype=torch.float32)
        big = big.permute(2, 0, 1)[None]
        small = (halved(big, "bicubic") * 255).round() / 255
        with torch.inference_mode():
            plain, better = psnr_db(doubled(small), big), psnr_db(network(small), big)
        gains.append(better - plain)
        print(f"{path.name:24} {plain:8.2f} {better:8.2f} {gains[-1]:+6.2f}", flush=True)
    print(f"{'mean':24} {'':8} {'':8} {np.mean(gains):+6.2f}")


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("train", "measure"))
    parser.add_argument("weights", type=Path)
    parser.add_argument("pictures", type=Path, nargs="*")
    parser.add_argument("--start", type=Path, help="go on from these weights")
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--stock", type=int, default=80, help="how many pictures are painted")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if given.command == "train":
        train(given.weights, given.start, given.steps, given.stock, given.seed)
    else:
        measure(given.weights, given.pictures)


if __name__ == "__main__":
    main()
