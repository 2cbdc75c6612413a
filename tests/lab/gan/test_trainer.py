"""Training: it learns, goes on where it was stopped, and makes what the engine plays."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.lab.analysis.sample import Options, sample
from engine.lab.data.sampler import Sampler
from engine.lab.gan.augment import Adaptive, augment
from engine.lab.gan.discriminator import Discriminator, frozen_parts
from engine.lab.gan.generator import Generator, load_arrays, network_of
from engine.lab.gan.shape import PRESETS, SIZES, Stage, cost_left, shape_of, stage_at
from engine.lab.gan.trainer import Trainer
from engine.lab.training import checkpoint
from engine.lab.training.distance import compare, distance
from engine.lab.training.transfer import begin_with, has_noise, shape_of_network
from engine.models import card
from engine.models.unpickle.inert import RefusedError
from tests.training import discs, factors, small_shape, small_trainer


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def tensors_of(trainer: Trainer) -> dict[str, np.ndarray]:
    return {name: np.array(values) for name, values in trainer.state()[0].items()}


def test_it_learns_what_is_on_the_pictures() -> None:
    trainer = small_trainer(discs(600, 16), pictures=300 * 16)
    (before,) = compare(trainer.mean, trainer.sampler, 400).values()
    for _ in range(300):
        trainer.advance()
    (after,) = compare(trainer.mean, trainer.sampler, 400).values()
    assert after < before / 4
    at, hues = factors(checkpoint.pictures_of(trainer.mean, 256))
    real_at, _ = factors(trainer.sampler.pictures)
    # Discs everywhere where they are in the data, of many hues: nothing collapsed. Which hues are
    # rare depends on how a processor rounds; two alone would have an entropy of 0.39.
    assert (at.std(0) > 0.3 * real_at.std(0)).all()
    counts, _ = np.histogram(hues, 6, (-math.pi, math.pi))
    shares = counts[counts > 0] / counts.sum()
    assert -(shares * np.log(shares)).sum() > 0.75 * math.log(6)


def test_a_training_that_was_stopped_goes_on_bit_by_bit(tmp_path: Path) -> None:
    pictures = discs(80, 16)
    whole = small_trainer(pictures, pictures=30 * 16)
    for _ in range(24):
        whole.advance()
    first = small_trainer(pictures, pictures=30 * 16)
    for _ in range(11):
        first.advance()
    checkpoint.write_state(tmp_path / "state.safetensors", *first.state())
    second = small_trainer(pictures, pictures=30 * 16)
    second.load(*checkpoint.read_state(tmp_path / "state.safetensors"))
    assert second.step == 11
    for _ in range(13):
        second.advance()
    one, other = tensors_of(whole), tensors_of(second)
    assert one.keys() == other.keys()
    assert all(np.array_equal(one[name], other[name]) for name in one)
    assert whole.state()[1] == second.state()[1]


def test_other_seeds_go_other_ways() -> None:
    pictures = discs(80, 16)
    ends = []
    for seed in (0, 1):
        trainer = small_trainer(pictures, seed=seed)
        trainer.advance()
        ends.append(tensors_of(trainer))
    name = "mean.layers.b8_conv1.weight"
    assert not np.array_equal(ends[0][name], ends[1][name])


def test_the_engine_plays_what_was_trained(tmp_path: Path) -> None:
    trainer = small_trainer(discs(80, 32))
    for _ in range(6):
        trainer.advance()
    with torch.no_grad():  # what would be zero or one at the start must not hide a fault
        for part in trainer.mean.colours.values():
            part.weight.normal_(generator=torch.Generator().manual_seed(3))
        for layer in trainer.mean.layers.values():
            layer.noise_strength.fill_(0.1)
    path = tmp_path / "discs.safetensors"
    with path.open("wb") as file:
        card.write(file, network_of(trainer.mean, origin="test"))
    sample(path, tmp_path / "out.npy", Options(seeds="0-3"), print)
    w = trainer.mean.map(checkpoint.latents(16, 4))[:, None].expand(-1, 8, -1)
    with torch.no_grad():
        drawn = trainer.mean.draw(w, 32).numpy()
    played = np.load(tmp_path / "out.npy")
    assert drawn.std() > 0.05
    np.testing.assert_allclose(played, drawn, atol=1e-4)


def test_without_noise_the_engine_plays_what_was_trained(tmp_path: Path) -> None:
    trainer = small_trainer(discs(80, 32), noisy=False)
    for _ in range(3):
        trainer.advance()
    for part in trainer.mean.colours.values():
        part.weight.data.normal_(generator=torch.Generator().manual_seed(3))
    path = tmp_path / "discs.safetensors"
    with path.open("wb") as file:
        card.write(file, network_of(trainer.mean, origin="test"))
    assert not has_noise(card.load(path).state)
    sample(path, tmp_path / "out.npy", Options(seeds="0-3"), print)
    w = trainer.mean.map(checkpoint.latents(16, 4))[:, None].expand(-1, 8, -1)
    with torch.no_grad():
        drawn = trainer.mean.draw(w, 32).numpy()
    np.testing.assert_allclose(np.load(tmp_path / "out.npy"), drawn, atol=1e-4)
    other = small_trainer(discs(80, 32), noisy=False)
    assert "begins anew" in begin_with(other, path)


def test_a_window_is_a_part_of_a_larger_picture_clear_of_its_edges() -> None:
    trainer = small_trainer(discs(80, 32), noisy=False, wide=True)
    for _ in range(3):
        trainer.advance()
    mean = trainer.mean
    with torch.no_grad():
        mean.const.normal_(generator=torch.Generator().manual_seed(5))
        ws = mean.map(checkpoint.latents(16, 2))[:, None].expand(-1, 8, -1)
        start = mean.fresh_start(6, torch.Generator().manual_seed(1))
        whole = mean.draw(ws, 32, start=start)
        corners = [
            mean.window(ws, 32, torch.Generator().manual_seed(1), place)
            for place in ((0.0, 0.0), (1.0, 0.5))
        ]
    assert whole.shape == (2, 3, 48, 48)
    assert torch.equal(corners[0], whole[:, :, 4:36, 4:36])
    assert torch.equal(corners[1], whole[:, :, 12:44, 8:40])
    # A larger start has the spread of the learned one.
    many = mean.fresh_start(60, torch.Generator().manual_seed(2))
    apart = many.std((1, 2)) / mean.const.detach().std((1, 2), correction=0)
    assert 0.9 < float(apart.mean()) < 1.1


def test_half_precision_is_half_the_size_and_almost_the_same(tmp_path: Path) -> None:
    network = network_of(small_trainer(discs(40, 16)).mean, origin="test")
    sizes = []
    for half in (False, True):
        path = tmp_path / f"{half}.safetensors"
        with path.open("wb") as file:
            card.write(file, network, half=half)
        sizes.append(path.stat().st_size)
    assert sizes[1] < 0.6 * sizes[0]
    for name, values in card.load(tmp_path / "True.safetensors").state.items():
        np.testing.assert_allclose(values, network.state[name], rtol=1e-3, atol=1e-6)
    huge = {**network.state, "synthesis.b4.const": np.full((32, 4, 4), 1e5, np.float32)}
    large = network_of(small_trainer(discs(40, 16)).mean, origin="test")
    with (tmp_path / "x").open("wb") as file, pytest.raises(RefusedError, match=r"b4\.const"):
        card.write(file, type(large)("stylegan2", huge, large.modules, origin=""), half=True)


@pytest.mark.parametrize("size", SIZES)
def test_stages_grow_to_the_size_and_end_there(size: int) -> None:
    shape = shape_of(PRESETS["small"], size)
    stages = [stage_at(shape, shown, 10_000) for shown in range(0, 10_001, 10)]
    sides = list(dict.fromkeys(stage.side for stage in stages))
    assert sides == [s for s in SIZES if s <= size]
    assert [stage.side for stage in stages] == sorted(stage.side for stage in stages)
    assert stages[0].fade == 1.0
    assert stages[-1] == stage_at(shape, 99_999, 10_000) == Stage(size, 1.0, 1.0)
    counts = [sum(stage.side == side for stage in stages) for side in sides]
    assert counts == sorted(counts, reverse=True)
    assert stage_at(shape, 0, 10_000, grows=False) == Stage(size, 1.0, 0.0)
    assert cost_left(shape, 0, 10_000, grows=False) == 10_000
    assert cost_left(shape, 0, 10_000) >= 10_000  # counted in pictures of the first, cheapest stage
    assert cost_left(shape, 10_000, 10_000) == 0


def test_growing_changes_no_picture_and_no_judgement() -> None:
    shape = small_shape(64)
    trainer = small_trainer(discs(40, 64), shape=shape, pictures=1000)
    with torch.no_grad():
        for part in list(trainer.generator.colours.values())[:4]:
            part.weight.normal_(generator=torch.Generator().manual_seed(3))
        w = trainer.generator.map(checkpoint.latents(16, 4))[:, None].expand(-1, shape.num_ws, -1)
        small, large = (trainer.generator.draw(w, side) for side in (32, 64))
        shrunk = torch.nn.functional.avg_pool2d(large, 2)
        # A picture that is doubled and halved is a little softer, and nothing else.
        assert (shrunk - small)[..., 2:-2, 2:-2].abs().mean() < 0.2 * small.std()
        judge = trainer.discriminator
        torch.testing.assert_close(
            judge(large, Stage(64, 0.0, 0.5)), judge(shrunk, Stage(32, 1, 0.5))
        )
        assert (
            judge(large, Stage(64, 1.0, 0.5)) - judge(large, Stage(64, 0.0, 0.5))
        ).abs().max() > 0


def test_sizes_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="size 100: pictures have sides of 32, 64"):
        shape_of(PRESETS["small"], 100)
    with pytest.raises(ValueError, match="batch 6: it must be a multiple of 4"):
        small_trainer(discs(40, 16), batch=6)


def test_a_network_that_was_trained_here_is_gone_on_with(tmp_path: Path) -> None:
    old = small_trainer(discs(80, 32))
    for _ in range(3):
        old.advance()
    path = tmp_path / "old.safetensors"
    with path.open("wb") as file:
        card.write(file, network_of(old.mean, origin="test"))
    # With its own widths: the preset's would be others.
    shape = shape_of_network(path, PRESETS["small"], 32)
    assert shape.widths == old.shape.widths
    new = small_trainer(discs(80, 32, seed=5), shape=old.shape, frozen=2, grows=False, warm_up=1)
    assert "its discriminator is not here" in begin_with(new, path)
    (tmp_path / "old.train").mkdir()
    checkpoint.write_state(tmp_path / "old.train" / "state.safetensors", *old.state())
    assert begin_with(new, path) == "beginning with old.safetensors and its discriminator"
    parts = frozen_parts(new.discriminator, new.shape, 2)
    assert len(parts) == 2
    frozen = [x for part in parts for x in part.parameters()]
    before = [x.detach().clone() for x in (*frozen, *new.discriminator.dense.parameters())]
    weights = [x.detach().clone() for x in new.generator.parameters()]
    new.advance()
    after = [*frozen, *new.discriminator.dense.parameters()]
    same = [torch.equal(a, b) for a, b in zip(before, after, strict=True)]
    assert same == [True] * len(frozen) + [False, False]
    # While it warms up, the generator waits.
    assert all(torch.equal(a, b) for a, b in zip(weights, new.generator.parameters(), strict=True))
    new.advance()
    moved = [
        not torch.equal(a, b) for a, b in zip(weights, new.generator.parameters(), strict=True)
    ]
    assert any(moved)


def test_networks_that_cannot_be_trained_on_are_refused(tmp_path: Path) -> None:
    network = network_of(small_trainer(discs(40, 32)).mean, origin="test")
    path = tmp_path / "other.safetensors"
    cases = {
        "it has other filters": ({"synthesis.b8.resample_filter": np.ones((4, 4)) / 16}, {}),
        "it is residual": ({"synthesis.b8.skip.weight": np.ones((32, 32, 1, 1))}, {}),
    }
    for why, (tensors, modules) in cases.items():
        changed = type(network)(
            "stylegan2", {**network.state, **tensors}, {**network.modules, **modules}, origin=""
        )
        with path.open("wb") as file:
            card.write(file, changed)
        with pytest.raises(ValueError, match=why):
            shape_of_network(path, PRESETS["small"], 32)
    with path.open("wb") as file:
        card.write(file, network)
    with pytest.raises(ValueError, match="draws 32 px: train with --size 32"):
        shape_of_network(path, PRESETS["small"], 128)


def test_a_network_that_draws_in_another_way_is_refused(tmp_path: Path) -> None:
    trainer = small_trainer(discs(40, 32))
    for part in trainer.mean.colours.values():
        part.weight.data.normal_(generator=torch.Generator().manual_seed(3))
    network = network_of(trainer.mean, origin="test")
    path = tmp_path / "other.safetensors"
    slow = {**network.modules["mapping.fc0"], "weight_gain": 0.5}
    missing = {k: v for k, v in network.state.items() if k != "synthesis.b8.conv0.noise_const"}
    for state, modules, why in (
        (network.state, {**network.modules, "mapping.fc0": slow}, "draws in a way that cannot"),
        (missing, network.modules, r"b8\.conv0\.noise_const"),
    ):
        with path.open("wb") as file:
            card.write(file, type(network)("stylegan2", state, modules, origin=""))
        with pytest.raises(ValueError, match=why):
            begin_with(small_trainer(discs(40, 32)), path)


def test_a_damaged_state_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    path.write_bytes(b"\x10\0\0\0\0\0\0\0{}")
    with pytest.raises(ValueError, match="this is no state of a training"):
        checkpoint.read_state(path)
    trainer = small_trainer(discs(40, 16))
    trainer.advance()
    tensors, numbers = trainer.state()
    del tensors["mean.w_avg"]
    with pytest.raises(KeyError, match=r"mean\.w_avg"):
        small_trainer(discs(40, 16)).load(tensors, numbers)


def test_snapshots_come_at_counts_that_grow_by_the_root_of_two() -> None:
    kept = [n for n in range(0, 20_001, 16) if checkpoint.snapshot_at(n, 16)]
    assert kept[0] == 0
    ratios = [b / a for a, b in pairwise(kept[1:])]
    assert len(kept) == 12
    assert all(1.35 < ratio < 1.5 for ratio in ratios)


def test_a_snapshot_holds_the_generator(tmp_path: Path) -> None:
    trainer = small_trainer(discs(40, 16))
    checkpoint.write_snapshot(tmp_path / "snapshots", trainer.mean, 7)
    (path,) = (tmp_path / "snapshots").iterdir()
    assert path.name == "0000000007.safetensors"
    from engine.models import safetensors

    data = safetensors.map_file(path)
    table, _, at = safetensors.read_header(data)
    arrays = {name: safetensors.tensor_of(data[at:], entry) for name, entry in table.items()}
    other = Generator(trainer.shape)
    load_arrays(other, arrays)
    torch.testing.assert_close(other.const, trainer.mean.const, rtol=1e-3, atol=1e-4)


def test_augmentation_changes_what_it_is_asked_to() -> None:
    x = torch.rand((64, 3, 16, 16), generator=torch.Generator().manual_seed(1)) * 2 - 1
    random = torch.Generator().manual_seed(2)
    assert augment(x, 0.0, random) is x
    changed = [(augment(x, p, random) != x).flatten(1).any(1).float().mean() for p in (0.3, 1.0)]
    assert 0.5 < changed[0] < 0.85  # 1 - 0.7³ = 0.66
    assert changed[1] == 1
    y = x.clone().requires_grad_(True)
    augment(y, 1.0, random).sum().backward()
    assert y.grad is not None
    assert y.grad.abs().sum() > 0
    assert augment(x, 1.0, torch.Generator().manual_seed(3)).equal(
        augment(x, 1.0, torch.Generator().manual_seed(3))
    )


def test_augmentation_rises_when_pictures_are_learnt_by_heart() -> None:
    adaptive = Adaptive()
    for _ in range(200):
        adaptive.update(shown=2.0, held_out=-1.0, made=-2.0, pictures=512)
    assert adaptive.overfit == pytest.approx(0.75, abs=0.01)
    assert adaptive.probability > 0.5
    for _ in range(400):
        adaptive.update(shown=2.0, held_out=1.9, made=-2.0, pictures=512)
    assert adaptive.probability == 0
    adaptive.hold(0.3)
    adaptive.update(shown=2.0, held_out=-1.0, made=-2.0, pictures=512)
    assert adaptive.probability == 0.3
    Adaptive().update(shown=0.0, held_out=0.0, made=0.0, pictures=512)  # no division by nothing


def test_every_picture_is_shown_once_before_any_is_shown_again() -> None:
    pictures = np.arange(60, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 3), np.uint8)
    names = [f"{index // 2}.png" for index in range(60)]  # two tiles of each file
    sampler = Sampler(pictures, names, 3)
    assert not len(sampler.held)  # 30 files: each is needed
    shown = sampler.batch(0, 120, np.random.default_rng(0))[:, 0, 0, 0]
    assert sorted(shown[:60]) == sorted(shown[60:]) == list(range(60))
    assert list(shown[:60]) != list(shown[60:])
    again = Sampler(pictures, names, 3).batch(70, 5, np.random.default_rng(0))[:, 0, 0, 0]
    assert list(again) == list(shown[70:75])


def test_what_is_held_out_is_never_shown() -> None:
    pictures = np.arange(200, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 3), np.uint8)
    names = [f"{index // 2}.png" for index in range(200)]
    sampler = Sampler(pictures, names, 0)
    held_out = {int(x) for x in sampler.held}
    assert len(held_out) == 10
    assert all(index ^ 1 in held_out for index in held_out)  # with its whole file
    shown = set(sampler.batch(0, 400, np.random.default_rng(0))[:, 0, 0, 0].tolist())
    assert shown == set(range(200)) - held_out
    asked = sampler.held_out(0, 10)
    assert asked is not None
    assert set(asked[:, 0, 0, 0].tolist()) == held_out


def test_pictures_are_mirrored_and_turned_only_if_asked() -> None:
    picture = np.arange(48, dtype=np.uint8).reshape(1, 4, 4, 3)
    ways = {}
    for mirrors, turns in ((False, False), (True, False), (True, True)):
        sampler = Sampler(picture, ["a"], 0, mirrors=mirrors, turns=turns)
        seen = sampler.batch(0, 200, np.random.default_rng(0))
        ways[mirrors, turns] = len({one.tobytes() for one in seen})
    assert ways == {(False, False): 1, (True, False): 2, (True, True): 8}


def test_the_distance_sees_colour_texture_and_nothing_where_there_is_nothing() -> None:
    x = torch.from_numpy(discs(300, 32)).permute(0, 3, 1, 2).float() / 127.5 - 1
    one, other = x[:150], x[150:]
    same = distance(one, other)
    assert same.keys() == {32, 16}
    rough = other + 0.3 * torch.randn(other.shape, generator=torch.Generator().manual_seed(0))
    assert distance(one, rough)[32] > 4 * same[32]
    red = other.clone()
    red[:, 0] = red[:, 1]
    assert distance(one, red)[16] > 2 * same[16]


def test_the_discriminator_serves_every_stage() -> None:
    shape = shape_of(PRESETS["small"], 64)
    network = Discriminator(shape)
    for side, fade in ((32, 1.0), (64, 0.5), (64, 1.0)):
        assert network(torch.zeros(8, 3, side, side), Stage(side, fade, 0.5)).shape == (8,)
