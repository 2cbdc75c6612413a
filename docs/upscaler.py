"""Train the small network that doubles pictures on a GPU, and measure it on pictures it never saw.

``python docs/upscaler.py train OUT.npz --photographs FOLDER VALID…`` (a quarter of an hour of a
CPU core), ``… measure engine/compositor/frames/upscaler.npz PICTURE…``. Nothing is
downloaded: it learns from photographs of a folder, from dead leaves (things that hide each other,
painted here), from the CPPN and from the pictures of docs/; the ones in `HELD_OUT` are left out.
Of all that is tried the weights are kept that gain most on the pictures ``VALID…``.

The shipped weights come of three runs, each from the best of the one before (``--start``), with
``--stock 24``, seeds 0, 1, 2, and 11500, 9500 and 7500 steps, of 12000, 10000 and 15000; their rate
fell with the time that they were given; the first had photographs in two sizes, the pictures of
networks came in the third. The photographs are listed in engine/compositor/frames/NOTICE;
``VALID…`` was camera, face (the part from 200, 100 to 712, 484) and picosdeeuropa at 700 px, and at
640 px as a JPEG.

The network: 3×3 convolutions (after ESPCN, Shi et al. 2016) tell what a doubled picture differs by
from the bicubic one. `engine/compositor/frames/upscale.py` draws it.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor, nn
from torch.nn.functional import conv2d, interpolate, mse_loss, pad, pixel_shuffle, pixel_unshuffle

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from engine.core.show.generator import Request
from engine.generators import registry
from engine.generators.kinds import cppn

SHADES = 12  # of a doubled pixel: red of its four, green, blue
HELD_OUT = ("earth.jpg", "painted.jpg", "help.png", "paths.png", "launchpad.png", "first-show.jpg")
PATCH_PX, BATCH = 32, 16  # of halved pictures
MOST_PX = 1400  # of a picture that is measured
SHARES = np.array([0.65, 0.15, 0.2])  # of photographs, of what is painted, of ours
# Catmull-Rom at a quarter of a pixel to either side: twice the size, centres kept.
BICUBIC = np.array([-0.0703125, 0.8671875, 0.2265625, -0.0234375], np.float32)


class Upscaler(nn.Module):
    """Doubles pictures [shape=(N, 3, H, W)], sRGB in 0..1.

    Parameters
    ----------
    planes
        Of each convolution but the last: as many for each of `depth` - 1.
    """

    def __init__(self, planes: int, depth: int) -> None:
        super().__init__()
        sizes = [3, *[planes] * (depth - 1), SHADES]
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3) for a, b in pairwise(sizes))
        self.slopes = nn.Parameter(torch.full((depth - 1, planes), 0.2))
        nn.init.zeros_(self.convs[-1].weight)
        nn.init.zeros_(self.convs[-1].bias)

    def forward(self, small: Tensor) -> Tensor:
        """Double: bicubic, and what the network knows better."""
        return doubled(small) + pixel_shuffle(self.better(small), 2)

    def better(self, small: Tensor) -> Tensor:
        """What bicubic lacks, the four pixels of one side by side [shape=(N, 12, H, W)]."""
        x = small - 0.5
        for index, conv in enumerate(self.convs):
            x = conv(pad(x, (1, 1, 1, 1), mode="replicate"))
            if index < len(self.slopes):
                slope = self.slopes[index][:, None, None]
                x = x.clamp_min(0.0) + slope * x.clamp_max(0.0)
        return x


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


def networks(rng: np.random.Generator, count: int) -> Iterator[np.ndarray]:
    """Pictures of the shipped networks, as large as they make them, side by side."""
    for name in ("earth", "rust", "shore"):
        path = ROOT / "presets" / "networks" / f"{name}.safetensors"
        opened = registry.open_spec("stylegan2", {"path": str(path)})
        built, port = registry.build(opened, "cpu"), opened.spec.ports[0]
        for _ in range(count):
            tiles = []
            for _ in range(9):
                given = {port.name: rng.standard_normal(port.shape).astype(np.float32)}
                pixels = built.render(Request(0.0, given, size_px=(64, 64)), None)[0]
                shown = pixels.pixels * 0.5 + 0.5 if hasattr(pixels, "pixels") else pixels
                tiles.append(shown.clamp(0, 1)[0, :3])
            rows = [torch.cat(tiles[k : k + 3], 2) for k in (0, 3, 6)]
            yield torch.cat(rows, 1).permute(1, 2, 0).numpy()


def pictures() -> Iterator[np.ndarray]:
    """Pictures of docs/ at half their size, without what their JPEG left."""
    for path in sorted((ROOT / "docs").rglob("*")):
        if path.suffix in (".jpg", ".png") and path.name not in HELD_OUT:
            with Image.open(path) as file:
                whole = file.convert("RGB").reduce(2)
            if min(whole.size) > 2 * PATCH_PX:
                yield np.asarray(whole) / 255.0


def photographs(folder: Path) -> Iterator[np.ndarray]:
    """Photographs of a folder, large ones in several sizes, the smaller ones as JPEG has them."""
    for path in sorted(folder.iterdir()):
        with Image.open(path) as file:
            whole = file.convert("RGB")
        for most_px, quality in ((1400, 0), (900, 92), (640, 85)):
            share = most_px / max(whole.size)
            if share >= 1.0 and quality:
                continue
            sized = whole.copy()
            sized.thumbnail((most_px, most_px), Image.Resampling.LANCZOS)
            if quality:
                packed = io.BytesIO()
                sized.save(packed, "JPEG", quality=quality)
                sized = Image.open(packed).convert("RGB")
            if min(sized.size) > 2 * PATCH_PX:
                yield np.asarray(sized) / 255.0


class Lesson(NamedTuple):
    """A halved picture [shape=(3, H, W)], what bicubic interpolation of it lacks, and how much."""

    small: Tensor
    lacks: Tensor
    mean: float


def lesson(picture: np.ndarray, kind: str) -> Lesson:
    """Halve a picture; `lacks` has the four pixels of one side by side [shape=(12, H, W)]."""
    big = even(torch.tensor(picture, dtype=torch.float32).permute(2, 0, 1))[None]
    small = (halved(big, kind) * 255).round() / 255
    lacks = pixel_unshuffle(big - doubled(small), 2)
    return Lesson(small[0], lacks[0], lacks.square().mean().item() + 1e-5)


def lessons(rng: np.random.Generator, size: int, folder: Path | None) -> list[list[Lesson]]:
    """What is learned from, in three parts: photographs, what is painted here, pictures of ours."""
    textures = [_texture(rng, 512) for _ in range(16)]
    painted = (leaves(rng, textures) for _ in range(size))
    drawn = [*pictures(), *walks(rng, size // 6), *networks(rng, size // 8)]
    parts = [photographs(folder) if folder else [], painted, drawn]
    made = [[lesson(x, "bicubic" if k % 7 else "area") for k, x in enumerate(p)] for p in parts]
    return [part for part in made if part]


def train(given: argparse.Namespace) -> None:
    """Train, and write the weights in half precision.

    What is made smaller is the squared error of each patch as a share of what bicubic
    interpolation leaves of its whole picture: a decibel counts alike in every picture.
    """
    torch.manual_seed(given.seed)
    torch.set_num_threads(1)  # beside other work two threads wait for each other
    rng = np.random.default_rng(given.seed)
    parts = lessons(rng, given.stock, given.photographs)
    shares = SHARES[-len(parts) :] / SHARES[-len(parts) :].sum()
    network = read(given.start).train() if given.start else Upscaler(given.planes, given.depth)
    rate, begun, best = (1e-3 if given.start else 2e-3), time.monotonic(), -np.inf
    optimiser = torch.optim.Adam(network.parameters(), rate)
    plan = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda n: min(1.0, n / 100) * 0.5 * (1.0 + np.cos(np.pi * n / given.steps))
    )
    for step in range(given.steps):
        places = [parts[k] for k in rng.choice(len(parts), BATCH, p=shares)]
        chosen = [part[rng.integers(len(part))] for part in places]
        small, lacks = (torch.stack(x) for x in zip(*(patch(rng, x) for x in chosen), strict=True))
        errors = (network.better(small) - lacks)[..., 2:-2, 2:-2].square().mean((1, 2, 3))
        loss = (errors / torch.tensor([x.mean for x in chosen])).mean()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        plan.step()
        if step % 1000 == 999 or step == given.steps - 1:
            gains = [gain_db(network, path, "bicubic")[1] for path in given.pictures]
            told = f"{np.round(gains, 3)} dB, {time.monotonic() - begun:.0f} s"
            print(f"{step + 1}: {loss.item():.3f}, {told}", flush=True)
            if not gains or sum(gains) > best:
                best = sum(gains)
                write(given.weights, network)


def even(picture: Tensor) -> Tensor:
    """Without the last row and column of an odd size."""
    _, height, width = picture.shape
    return picture[:, : height // 2 * 2, : width // 2 * 2]


def patch(rng: np.random.Generator, of: Lesson) -> tuple[Tensor, Tensor]:
    """Cut a patch out, turned and mirrored by chance."""
    _, height, width = of.small.shape
    y, x = rng.integers(height - PATCH_PX + 1), rng.integers(width - PATCH_PX + 1)
    place = np.s_[:, y : y + PATCH_PX, x : x + PATCH_PX]
    small, lacks = of.small[place], of.lacks[place].unflatten(0, (3, 2, 2))
    if rng.uniform() < 0.5:
        small, lacks = small.flip(2), lacks.flip(2, 4)
    turns = int(rng.integers(4))
    small, lacks = torch.rot90(small, turns, (1, 2)), torch.rot90(lacks, turns, (3, 4))
    return small, torch.rot90(lacks, turns, (1, 2)).flatten(0, 2)


def write(target: Path, network: Upscaler) -> None:
    """Write the weights [shape=(out, in, 3, 3)], biases and slopes."""
    arrays = {f"weight{i}": conv.weight for i, conv in enumerate(network.convs)}
    arrays |= {f"bias{i}": conv.bias for i, conv in enumerate(network.convs)}
    arrays["slopes"] = network.slopes
    half = {name: x.detach().numpy().astype(np.float16) for name, x in arrays.items()}
    np.savez_compressed(target, **half)  # type: ignore[arg-type]


def read(source: Path) -> Upscaler:
    """Read the weights back."""
    with np.load(source) as found:
        state = {name: torch.tensor(found[name].astype(np.float32)) for name in found.files}
    lines, planes = state["slopes"].shape
    network = Upscaler(planes, lines + 1)
    for index in range(lines + 1):
        for kind in ("weight", "bias"):
            state[f"convs.{index}.{kind}"] = state.pop(f"{kind}{index}")
    network.load_state_dict(state)
    return network.eval()


def psnr_db(a: Tensor, b: Tensor) -> float:
    """Peak signal to noise of two pictures in 0..1, without a border of 4 pixels, all channels."""
    return -10 * float(mse_loss(a.clamp(0, 1)[..., 4:-4, 4:-4], b[..., 4:-4, 4:-4]).log10())


def gain_db(network: Upscaler, path: Path, kind: str) -> tuple[float, float]:
    """PSNR of bicubic interpolation in a picture that was halved, and what the network gains."""
    with Image.open(path) as file:
        shown = file.convert("RGB")
    shown.thumbnail((MOST_PX, MOST_PX), Image.Resampling.LANCZOS)
    big = torch.tensor(np.asarray(shown) / 255.0, dtype=torch.float32).permute(2, 0, 1)
    big = even(big)[None]
    small = (halved(big, kind) * 255).round() / 255
    with torch.inference_mode():
        plain = psnr_db(doubled(small), big)
        return plain, psnr_db(network(small), big) - plain


def measure(network: Upscaler, paths: list[Path]) -> None:
    """Print what is gained, picture by picture and for two ways of halving them."""
    paths = paths or [p for p in sorted((ROOT / "docs").rglob("*")) if p.name in HELD_OUT]
    print(f"{'dB':24} {'bicubic':>8} {'gain':>6} {'area':>8} {'gain':>6}")
    found = np.array([[gain_db(network, p, kind) for kind in ("bicubic", "area")] for p in paths])
    for name, row in zip([*(p.name for p in paths), "mean"], [*found, found.mean(0)], strict=True):
        (plain, gain), (area, gain_area) = row
        print(f"{name:24} {plain:8.2f} {gain:+6.2f} {area:8.2f} {gain_area:+6.2f}")


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("train", "measure"))
    parser.add_argument("weights", type=Path)
    parser.add_argument("pictures", type=Path, nargs="*", help="to measure, or to choose by")
    parser.add_argument("--photographs", type=Path, help="folder of what it learns from")
    parser.add_argument("--start", type=Path, help="go on from these weights")
    parser.add_argument("--planes", type=int, default=16, help="a multiple of four")
    parser.add_argument("--depth", type=int, default=5, help="convolutions")
    parser.add_argument("--steps", type=int, default=12000)
    parser.add_argument("--stock", type=int, default=80, help="how many pictures are painted")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_intermixed_args()
    if given.command == "train":
        train(given)
    else:
        measure(read(given.weights), given.pictures)


if __name__ == "__main__":
    main()
