"""Inversion: latents of pictures whose latents are known, the encoder, keys that are pictures."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from engine.app.cli.main import cli
from engine.core.event import Event
from engine.core.frame.advance import advance
from engine.core.frame.sample import latents
from engine.core.path.keyframes import keyframes_of
from engine.core.show.show import Show
from engine.core.show.state import State, first_state
from engine.documents.show import load
from engine.documents.show.image_inputs import unrepeatable
from engine.generators.host.messages import Frame
from engine.generators.host.tasks import Result, Task
from engine.generators.kinds import cppn, stylegan2
from engine.generators.pictures import check_picture, read_picture
from engine.generators.tasks import encoder
from engine.generators.tasks.inversion import InversionTarget, psnr_db, target_of
from engine.generators.tasks.invert import fit, invert, start
from engine.lab.analysis.encoder import EncoderTrainer
from engine.play.tasks.inversion import Inversion
from tests import age_files
from tests import stylegan_files as files

one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return age_files.network(tmp_path_factory.mktemp("nets") / "net.safetensors")


def build(model: Path, space: str = "w") -> stylegan2.Generator:
    return stylegan2.build(stylegan2.Config(str(model), space=space))


def known(target: InversionTarget, seed: int) -> tuple[torch.Tensor, float]:
    """A picture whose latent is known, and what the average picture is to it, in dB."""
    rows = np.random.RandomState(seed).randn(target.port.shape[-1]).astype(np.float32)
    with torch.no_grad():
        wanted = target.draw(torch.from_numpy(np.broadcast_to(rows, target.port.shape).copy()))
        average = target_of(target.generator, "", {"truncation": 0.0}, target.request.size_px)
        return wanted, psnr_db(average.draw(torch.ones(target.port.shape)), wanted)


@pytest.mark.parametrize("space", ["z", "w", "w+"])
def test_a_known_latent_of_a_stylegan_is_found_again(model: Path, space: str) -> None:
    target = target_of(build(model, space))
    wanted, average_db = known(target, 1)
    steps = [s for s in invert(target, wanted, 40, samples=2) if s is not None]
    assert steps[-1].psnr_db >= average_db + 6.0
    assert steps[-1].psnr_db > steps[0].psnr_db
    assert len(steps) == 41
    assert steps[-1].n.shape == target.port.shape
    assert 0.3 < float(steps[-1].n.square().mean()) < 2.0  # it stays where latents are


def test_a_known_latent_of_the_cppn_is_found_again() -> None:
    target = target_of(cppn.build(cppn.Config()), size_px=(48, 48))
    wanted, average_db = known(target, 2)
    steps = [s for s in invert(target, wanted, 40, samples=48) if s is not None]
    assert steps[-1].psnr_db >= average_db + 6.0


def errand(model: Path, arrays: dict[str, Any], **options: Any) -> list[Result | None]:
    return list(
        start(build(model), Task("invert", 1, arrays, {"port": "w", "samples": 2.0, **options}))
    )


def png(picture: np.ndarray) -> bytes:
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "PNG")
    return data.getvalue()


def test_an_errand_goes_in_slices_and_tells_on_the_way(model: Path) -> None:
    picture = np.full((40, 60, 3), 90, np.uint8)
    found = errand(model, {"picture": picture}, steps=6.0, every=3.0)
    told = [r for r in found if r is not None]
    assert len(found) > 2 + 2 * 13 + 6
    assert [r.options["step"] for r in told] == [0.0, 3.0, 6.0]
    assert [r.done for r in told] == [False, False, True]
    assert told[-1].arrays["coordinates"].shape == (32,)
    assert float(told[-1].options["psnr_db"]) >= float(told[0].options["psnr_db"])
    encoded = errand(model, {"file": np.frombuffer(png(picture), np.uint8)}, steps=6.0)
    assert next(r for r in encoded if r).options["psnr_db"] == told[-1].options["psnr_db"]


def test_what_the_generator_is_told_counts(model: Path) -> None:
    target = target_of(build(model), "w_b", {"truncation": 0.0})
    assert target.port.name == "w"
    a, b = (target.draw(torch.full((32,), x)) for x in (0.0, 1.0))
    assert files.distance(a, b) == 0.0


@pytest.mark.parametrize(
    ("picture", "said"),
    [
        (np.zeros((4, 4), np.uint8), r"shape \(4, 4\) cannot be used"),
        (np.zeros((4, 4, 4), np.uint8), r"shape \(4, 4, 4\) cannot"),
        (np.full((4, 4, 3), np.nan, np.float32), "no number"),
        (np.zeros((4, 4, 3), np.int32), "no number"),
    ],
)
def test_what_is_no_picture(picture: np.ndarray, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_picture(picture)


def test_a_file_that_is_no_picture(model: Path) -> None:
    for data in (b"", b"no picture", png(np.zeros((8, 8, 3), np.uint8))[:45]):
        with pytest.raises(ValueError, match="no picture that can be read"):
            read_picture(data)
    with pytest.raises(ValueError, match="gives no latent 'image'"):
        target_of(build(model), "image")


def test_pictures_of_other_shapes_are_fitted(model: Path) -> None:
    target = target_of(build(model))
    wide = np.zeros((10, 90, 3), np.uint8)
    wide[:, 40:50] = 255
    assert fit(target, wide).shape == (1, 3, 32, 32)
    assert float(fit(target, wide).mean()) == 1.0


def test_an_encoder_learns_and_is_the_models_own(model: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.safetensors"
    own.write_bytes(model.read_bytes())
    assert encoder.find(own, 32) is None
    trainer = EncoderTrainer(target_of(build(own)))
    for index in range(8):
        trainer.step(index, 60)
    average_db, found_db = trainer.gain_db()
    assert found_db >= average_db + 0.5
    path = encoder.write(own, trainer.numbers())
    for space in ("w+", "z"):
        target = target_of(build(own, space))
        wanted, _ = known(target, 5)
        slices = list(invert(target, wanted, 0, str(own)))
        assert len(slices) == 2  # no samples are looked at
        assert slices[-1] is not None
        assert slices[-1].n.shape == target.port.shape
    other = age_files.network(tmp_path / "other.safetensors", mapping_layers=3)
    encoder.path_of(other).write_bytes(path.read_bytes())
    with pytest.raises(ValueError, match=r"other.encoder.safetensors belongs to another network"):
        encoder.find(other, 32)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ValueError, match=r"own.encoder.safetensors has"):
        encoder.find(own, 32)


SHOW = """
schema = 1
[[layers]]
id = "a"
[layers.generator]
kind = "stylegan2"
config = {{ path = "{path}", space = "{space}" }}
[layers.path]
motion = "keys"
keys = [1, "p.png"]
invert = "layer:b"
[[layers]]
id = "b"
[layers.generator]
kind = "cppn"
"""


def written(folder: Path, model: Path, space: str = "w") -> Path:
    """A show with a picture among its keys."""
    show = folder / "show.toml"
    show.write_text(SHOW.format(path=model, space=space))
    picture = np.zeros((16, 16, 3), np.uint8)
    picture[:, 8:] = (40, 120, 200)
    (folder / "p.png").write_bytes(png(picture))
    return show


def command(*arguments: object) -> tuple[int, str]:
    found = CliRunner().invoke(cli, ["invert", *map(str, arguments)])
    return found.exit_code, found.output


def test_the_command_writes_latents_that_shows_take_for_keys(model: Path, tmp_path: Path) -> None:
    show = written(tmp_path, model)
    code, said = command(model, tmp_path / "p.png", "--steps", 5, "--sheet", tmp_path / "s.png")
    assert code == 0, said
    assert "dB after 5 steps" in said
    with np.load(tmp_path / "p.png.latent.npz") as saved:
        assert saved["w"].shape == (1, 8, 32)
    path = load.load(str(show)).show.paths[0]
    assert path.pictures == ()
    assert len(path.keys.keys) == 2
    with Image.open(tmp_path / "s.png") as sheet:
        assert sheet.size == (96, 32)
    other = age_files.network(tmp_path / "other.safetensors", mapping_layers=3)
    written(tmp_path, other)
    with pytest.raises(ValueError, match="is of the model with the hash"):
        load.load(str(show))
    written(tmp_path, model, "z")
    with pytest.raises(ValueError, match=r"holds styles \(w\)"):
        load.load(str(show))


def test_the_command_says_what_is_wrong(model: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"none")
    for arguments, text in (
        ((model,), "say what to invert"),
        ((model, tmp_path / "gone.png"), "gone.png"),
        ((model, broken), "broken.png: this is no picture"),
        ((model, broken, "--out", tmp_path / "x.npy"), "ends in .npz"),
        (("cppn", broken, "--space", "w"), "no picture that can be read"),
        ((broken, broken), "no picture that can be read"),
    ):
        code, said = command(*arguments)
        assert code in (1, 2), said
        assert text in said
        assert said.count("Error:") == 1


class Sent:
    """Stands in for `Errands`: keeps what is started, and lets it be answered."""

    def __init__(self) -> None:
        self.started: list[tuple[str, Task, Any]] = []
        self.is_busy = False

    def start(self, layer: str, errand: Task, heed: Any) -> int:
        self.started.append((layer, errand, heed))
        self.is_busy = True
        return len(self.started)

    def is_open(self, number: int) -> bool:
        return self.is_busy and number == len(self.started)


Playing = tuple[Show, Inversion, Sent, list[str]]


@pytest.fixture
def playing(model: Path, tmp_path: Path) -> Playing:
    show = load.load(str(written(tmp_path, model))).show
    said: list[str] = []
    pixels = np.ones((8, 8, 4), np.float16)
    return show, Inversion(lambda name: Frame(0.0, 1, pixels, {}), said.append), Sent(), said


def test_a_picture_becomes_a_key_while_the_show_plays(
    playing: Playing,
) -> None:
    show, duty, sent, said = playing
    state = advance(show, first_state(show), 0, [])
    assert show.paths[0].pictures == ("p.png",)
    assert "has no latent yet" in unrepeatable(show)[0]
    for _ in range(3):
        assert list(duty.tend(show, state, sent, 0.0)) == []  # type: ignore[arg-type]
    [(layer, errand, heed)] = sent.started
    assert (layer, errand.kind, errand.options["port"]) == ("a", "invert", "w")
    assert errand.request is not None
    assert errand.request.parameters["truncation"] == 1.0
    assert read_picture(errand.arrays["file"].tobytes()).shape == (16, 16, 3)
    n = np.arange(32, dtype=np.float32) / 32
    done = Result({"coordinates": n}, {"psnr_db": 20.0, "start_db": 10.0, "step": 1.0})
    [(address, value)] = heed(done)
    sent.is_busy = False
    state = advance(show, state, 1, [Event(1, address, value, "errand", 0)])
    drop = state.paths[0].memory.get("keys")
    assert drop is not None
    np.testing.assert_array_equal(drop.keys[0].latent, n)
    assert "20.0 dB" in said[0]
    assert duty.report()["found"][0]["psnr_db"] == 20.0
    list(duty.tend(show, state, sent, 0.0))  # type: ignore[arg-type]
    assert len(sent.started) == 1  # once


def test_a_trigger_inverts_what_another_layer_shows(
    playing: Playing,
) -> None:
    show, duty, sent, _ = playing
    state: State = advance(show, first_state(show), 0, [])
    list(duty.tend(show, state, sent, 0.0))  # type: ignore[arg-type]
    sent.is_busy = False
    state = advance(show, state, 1, [Event(1, "/layer/a/path/invert", 1, "osc", 0)])
    for _ in range(2):
        list(duty.tend(show, state, sent, 0.0))  # type: ignore[arg-type]
    assert len(sent.started) == 2
    assert sent.started[1][1].arrays["picture"].shape == (8, 8, 3)
    failed = sent.started[1][2](Result(error="lost"))
    assert list(failed) == []


def test_pictures_alone_take_the_place_of_the_seeds_that_stood_in(
    model: Path, tmp_path: Path
) -> None:
    path = written(tmp_path, model)
    path.write_text(path.read_text().replace("keys = [1, ", "keys = ["))
    show = load.load(str(path)).show
    state = advance(show, first_state(show), 0, [])
    for tick, level in ((1, 0.5), (2, -0.5)):
        told = Event(tick, "/layer/a/path/key", (level,) * 32, "errand", 0)
        state = advance(show, state, tick, [told])
        values = state.base.tolist()
        row = keyframes_of(show.paths[0], state.paths[0], values).points
        assert len(row) == tick
    for tick in range(3, 140):
        state = advance(show, state, tick, [])
    found = latents(show, state, state.tick / 120)["/layer/a/generator/w"]
    chart = show.paths[0].chart
    assert chart is not None
    far = np.linalg.norm(chart.encode(found.astype(np.float64))) / np.sqrt(32)
    assert far == pytest.approx(0.5, abs=1e-3)  # on the way between the two
