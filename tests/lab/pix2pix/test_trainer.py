"""Training on pairs: it learns, goes on where it was stopped, and tells what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from engine.core.show.generator import Request
from engine.generators.kinds import pix2pix
from engine.lab.data import pairs as pair_pictures
from engine.lab.data import sketches
from engine.lab.data.sampler import Sampler
from engine.lab.pix2pix.samples import answers, measure, read_codes
from engine.lab.pix2pix.trainer import PairTrainer, Settings, likeness
from engine.lab.training import run_pairs as command
from engine.lab.training.start import TrainingOptions
from engine.models import card
from engine.models.importer.catalogue import describe
from tests.pix2pix_files import SHAPE, half_planes, pairs


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def trainer(count: int = 64, side: int = 32, **told: Any) -> PairTrainer:
    names = [f"{index}.png" for index in range(count)]
    sampler = Sampler(half_planes(count, side), names, 0, mirrors=True, turns=True)
    return PairTrainer(SHAPE, Settings(**{"pictures": 400, "batch": 4, **told}), sampler, "cpu")


def test_it_learns_to_answer() -> None:
    learning = trainer(pictures=400)
    before = measure(learning, 8)
    while learning.shown < learning.settings.pictures:
        learning.advance()
    learning.mean.load_state_dict(learning.drawer.state_dict())  # the mean is half a start still
    after = measure(learning, 8)
    assert after["told_l1"] < before["told_l1"] / 2.5
    assert after["untold_l1"] < before["untold_l1"] / 2
    assert after["told_psnr"] > before["told_psnr"] + 5


def test_what_is_open_is_learned_as_a_code() -> None:
    """One question, answers red or green: only the code tells which."""
    data = np.full((80, 32, 32, 6), 128, np.uint8)
    data[::2, ..., 3:], data[1::2, ..., 3:] = (200, 40, 40), (40, 200, 40)
    sampler = Sampler(data, [str(index) for index in range(len(data))], 0)
    learning = PairTrainer(SHAPE, Settings(800), sampler, "cpu")
    while learning.shown < 800:
        learning.advance()
    codes = read_codes(learning, data[:2, ..., 3:])
    red, green = answers(learning, data[:2, ..., :3], codes).mean((1, 2))
    assert red[0] > red[1] + 60
    assert green[1] > green[0] + 60


def test_a_training_that_was_stopped_goes_on_bit_by_bit() -> None:
    whole, first = trainer(), trainer()
    for _ in range(20):
        whole.advance()
    for _ in range(9):
        first.advance()
    tensors, numbers = first.state()
    second = trainer()
    second.load({name: np.array(x) for name, x in tensors.items()}, json.loads(json.dumps(numbers)))
    for _ in range(11):
        second.advance()
    expected, found = whole.state()[0], second.state()[0]
    assert expected.keys() == found.keys()
    assert any(name.startswith("drawer.adam.") for name in found)
    for name, values in expected.items():
        assert np.array_equal(values, found[name]), name


def test_small_squares_come_first_and_the_rate_falls() -> None:
    learning = trainer(side=32)
    assert (learning.side, learning.rate) == (16, learning.settings.rate)
    early = learning.cost_left()
    learning.step = 96
    assert learning.side == 32
    assert learning.cost_left() == pytest.approx(16)
    assert early > 400
    learning.step = 100
    assert learning.rate < learning.settings.rate / 10


def test_what_cannot_be_trained_is_said() -> None:
    with pytest.raises(ValueError, match="batch 3: it must be even"):
        trainer(batch=3)
    with pytest.raises(ValueError, match="30 px: it must be a multiple of 4, and at least 16"):
        trainer(side=30)


def test_a_crude_question_is_softer_or_flat() -> None:
    random = np.random.default_rng(3)
    picture = random.integers(0, 256, (64, 64, 3), np.uint8)
    seen = [sketches.sketch(picture, np.random.default_rng(seed)) for seed in range(60)]
    again = [sketches.sketch(picture, np.random.default_rng(seed)) for seed in range(60)]
    kinds = set()
    for (made, coarse), (same, _) in zip(seen, again, strict=True):
        assert np.array_equal(made, same)
        assert (made.shape, made.dtype) == (picture.shape, np.uint8)
        colours = len(np.unique(made.reshape(-1, 3), axis=0))
        kind = "plain" if coarse == 1 else "flat" if colours < 8 else "soft"
        assert (kind == "plain") == np.array_equal(made, picture)
        if kind == "soft":
            assert np.abs(np.diff(made.astype(int), axis=0)).mean() < 60
        kinds.add(kind)
    assert kinds == {"plain", "flat", "soft"}


def test_a_coast_may_lie_elsewhere_where_it_was_drawn_coarsely() -> None:
    coast = torch.where(torch.arange(32)[:, None] > 7, 1.0, -1.0).expand(1, 3, 32, 32)
    wavy = coast.clone()
    wavy[..., 6:8, ::2] = 1.0
    wavy[..., 8:10, 1::2] = -1.0
    exact, loose = (float(likeness(wavy, coast, np.array([how]))) for how in (1.0, 16.0))
    assert loose < exact / 10
    assert float(likeness(-coast, coast, np.array([4.0]))) == pytest.approx(2.0)


def test_what_is_wrong_with_pairs_is_said_file_by_file(tmp_path: Path) -> None:
    folder = pairs(tmp_path / "data", 6)
    (folder / "source/000.png").unlink()
    (folder / "target/001.png").unlink()
    (folder / "source/002.png").write_bytes(b"\x89PNG no picture")
    Image.new("RGB", (16, 32)).save(folder / "target/003.png")
    (folder / "target/notes.txt").write_text("hello")
    (folder / "source/004.png").rename(folder / "source/004.PNG")
    Image.new("RGB", (32, 32)).save(folder / "source/005.bmp")
    (folder / "credits.toml").write_text(
        'licence = "CC0"\n[files]\n"004.png" = { credit = "Ann" }\n'
    )
    ready = pair_pictures.prepare_pairs(folder, tmp_path / "ready", 32)
    report = ready.report
    assert report.names == ["004.png", "005.png"]
    assert ready.pictures.shape == (2, 32, 32, 6)
    assert np.array_equal(ready.pictures[0], half_planes(6, 32)[4])
    assert set(report.wrong) == {
        "target/000.png", "source/001.png", "source/002.png", "source/003.png",
        "target/notes.txt", "source/005.png",
    }  # fmt: skip
    assert report.wrong["target/000.png"] == "source/ has no file of this name"
    assert report.wrong["source/003.png"] == "it is 32×32, its target 16×32"
    assert report.credit["004.png"].credit == "Ann"
    text = report.text()
    assert text.startswith("2 pairs\n")
    assert all(f"passed over: {name}: " in text for name in report.wrong)
    again = pair_pictures.prepare_pairs(folder, tmp_path / "ready", 32)
    assert again.report == report
    assert again.sha256 == ready.sha256


def test_a_folder_without_pairs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        NotADirectoryError, match="source is no folder: pairs are files of one name"
    ):
        pair_pictures.prepare_pairs(tmp_path, tmp_path / "ready", 32)
    folder = pairs(tmp_path / "data", 1)
    (folder / "target/000.png").write_bytes(b"no")
    with pytest.raises(ValueError, match=r"no pair that can be used \(target/000.png"):
        pair_pictures.prepare_pairs(folder, tmp_path / "ready", 32)


def options(tmp_path: Path, **told: Any) -> TrainingOptions:
    folder, out = tmp_path / "data", tmp_path / "n.safetensors"
    return TrainingOptions(
        folder, out, **{"size": 32, "pictures": 24, "batch": 4, "licence": "CC0", **told}
    )


def test_a_folder_becomes_a_network_that_is_played(tmp_path: Path) -> None:
    folder = pairs(tmp_path / "data", 44)
    (folder / "source/007.png").write_bytes(b"no picture")
    said: list[str] = []
    assert command.train_pairs(options(tmp_path), said.append)
    assert any("passed over: source/007.png: " in line for line in said)
    found = describe(tmp_path / "n.safetensors")
    assert (found["family"], found["licence"], found["resolution_px"]) == (
        "pix2pix",
        "CC0",
        [32, 32],
    )
    assert found["card"]["pictures"] == 43
    assert found["card"]["pictures_shown"] == 24
    assert "dB" in found["card"]["distance"]
    assert list((tmp_path / "n.train/sheets").glob("*.png"))
    built = pix2pix.build(pix2pix.Config(str(tmp_path / "n.safetensors")))
    z = np.zeros(built.spec.ports[0].shape, np.float32)
    drawn, _ = built.render(Request(0.0, {"z": z}))
    assert drawn.shape == (1, 3, 128, 128)
    with pytest.raises(FileExistsError, match="there is a training of this name already"):
        command.train_pairs(options(tmp_path), said.append)


def test_the_command_goes_on_where_it_was_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
        pairs(tmp_path / name / "data", 8)
    assert command.train_pairs(options(tmp_path / "whole"), lambda _: None)
    seen = iter([False, False, True])
    with monkeypatch.context() as changed:  # somebody stops it at the third step
        changed.setattr(command._Run, "_is_over", lambda _: next(seen))
        assert not command.train_pairs(options(tmp_path / "parts"), lambda _: None)
    with pytest.raises(ValueError, match="other settings"):
        command.train_pairs(options(tmp_path / "parts", resumes=True, seed=1), lambda _: None)
    said: list[str] = []
    assert command.train_pairs(options(tmp_path / "parts", resumes=True), said.append)
    assert "going on after 8 pairs" in said
    whole, parts = (card.load(tmp_path / name / "n.safetensors") for name in ("whole", "parts"))
    for name, values in whole.state.items():
        assert np.array_equal(values, parts.state[name]), name


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"tiles": True}, "--tiles does not go with --pairs"),
        ({"frozen": 2}, "--freeze does not go with --pairs"),
        ({"augmentation": 0.2}, "--augment does not go with --pairs"),
        ({"preset": "standard"}, "--preset standard does not go with --pairs"),
        ({"source": Path("x")}, "--from does not go with --pairs"),
    ],
)
def test_what_does_not_go_with_pairs_is_said(
    tmp_path: Path, told: dict[str, Any], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        command.train_pairs(options(tmp_path, **told), lambda _: None)
