"""`model sample` draws what the golden files hold, and a show plays a model that it names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from engine.app.cli.models import model
from engine.documents.show import load
from engine.documents.show.model_files import with_whole_paths
from engine.generators.stylegan.stylegan3_spec import input_transform
from engine.lab.latents import draw_seeds, read_numbers
from engine.models.importer import catalogue
from tests import model_files
from tests import stylegan_files as files
from tests.performing import latent_cinema, succeed

one_thread = pytest.fixture(scope="module", autouse=True)(files.one_thread)
SG2, SG2_CLASSES, SG3R, SG3T = model_files.NETWORKS


def family(name: str) -> str:
    return "stylegan3" if "sg3" in name else "stylegan2"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Golden networks as our own files."""
    folder = tmp_path_factory.mktemp("models")
    for name in model_files.NETWORKS:
        modules, state = model_files.golden(name)
        files.save(folder / f"{name}.safetensors", family(name), state, modules)
    return folder


def ask(*words: object) -> Result:
    return CliRunner().invoke(model, ["sample", *map(str, words)])


def refused(*words: object) -> str:
    found = ask(*words)
    assert found.exit_code == 2, found.output
    text = found.output.removeprefix("Error: ").strip()
    assert "\n" not in text
    return text


def save(path: Path, array: Any) -> Path:
    np.save(path, array)
    return path


def pixels(path: Path) -> np.ndarray[Any, Any]:
    with Image.open(path) as picture:
        return np.asarray(picture).astype(float)


def golden_case(name: str, case: str) -> tuple[dict[str, Any], np.ndarray[Any, Any], Any]:
    arrays, about = files.golden(name)
    found = next(c for c in about["cases"] if c["name"] == case)
    ws = arrays[f"case{found['index']}/ws"]
    return found, ws, arrays[f"case{found['index']}/img"]


@pytest.mark.parametrize("name", [SG2, SG3R])
def test_the_command_gives_the_golden_picture(folder: Path, tmp_path: Path, name: str) -> None:
    case, _, wanted = golden_case(name, "psi0.7")
    z = save(tmp_path / "z.npy", files.golden(name)[0]["z"][case["z_rows"]])
    out = tmp_path / "out.npy"
    succeed(
        "model", "sample", folder / f"{name}.safetensors", "--latents", z, "--out", out,
        "--truncation", 0.7, "--noise", case["noise_mode"],
    )  # fmt: skip
    found = np.load(out)
    assert found.dtype == np.float32
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).max() <= 1e-4


@pytest.mark.parametrize("name", model_files.NETWORKS)
def test_every_space_is_told_by_its_shape(folder: Path, tmp_path: Path, name: str) -> None:
    arrays, about = files.golden(name)
    for case in about["cases"]:
        if "input_transform" in case:
            continue  # a show's parameters, not `sample`'s
        ws, wanted = arrays[f"case{case['index']}/ws"], arrays[f"case{case['index']}/img"]
        out = tmp_path / "out.npy"
        latents = save(tmp_path / "l.npy", ws)
        how = ["--out", out, "--noise", case["noise_mode"], "--latents", latents]
        found = ask(folder / f"{name}.safetensors", *how)
        assert found.exit_code == 0, found.output
        assert np.abs(np.load(out) - wanted).max() <= 1e-4
        if case["name"] == "plain":
            for row, more in ((arrays["z"][:1], ["--class", 1]), (arrays["w"][:1], [])):
                save(latents, row.astype(np.float64))
                how_classes = more if "c" in arrays else []
                assert ask(folder / f"{name}.safetensors", *how, *how_classes).exit_code == 0
                assert np.abs(np.load(out) - wanted).max() <= 1e-4


def test_w_and_w_plus_are_truncated_too(folder: Path, tmp_path: Path) -> None:
    case, _, wanted = golden_case(SG2, "batch2")
    arrays, _ = files.golden(SG2)
    out = tmp_path / "out.npy"
    w = arrays["w"][case["z_rows"]]
    for array in (w, np.repeat(w[:, None], 10, 1)):
        latents = save(tmp_path / "l.npy", np.asfortranarray(array))
        path = folder / f"{SG2}.safetensors"
        found = ask(path, "--latents", latents, "--out", out, "--truncation", 0.8)
        assert found.exit_code == 0, found.output
        assert np.abs(np.load(out) - wanted).max() <= 1e-4


@pytest.mark.parametrize("name", [SG2_CLASSES, SG3T])
def test_only_the_first_layers_are_truncated(folder: Path, tmp_path: Path, name: str) -> None:
    arrays, about = files.golden(name)
    case = next(c for c in about["cases"] if c["truncation_cutoff"])
    rows = case["z_rows"]
    out, z = tmp_path / "out.npy", save(tmp_path / "z.npy", arrays["z"][rows])
    number = int(arrays["c"][rows].argmax()) if "c" in arrays else 0
    how = ["--truncation", 0.5, "--truncation-cutoff", case["truncation_cutoff"]]
    found = ask(folder / f"{name}.safetensors", "--latents", z, "--out", out, *how,
                "--class", number)  # fmt: skip
    assert found.exit_code == 0, found.output
    assert np.abs(np.load(out) - arrays[f"case{case['index']}/img"]).max() <= 1e-4


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("rotate30", ["--rotate", 30]),
        ("translate", ["--translate", "0.1,-0.2"]),
        ("rot_trans", ["--rotate", -75, "--translate", "0.15,0.05"]),
    ],
)
@pytest.mark.parametrize("name", [SG3R, SG3T])
def test_a_stylegan3_is_moved_and_turned(
    folder: Path, tmp_path: Path, name: str, case: str, words: list[Any]
) -> None:
    _, ws, wanted = golden_case(name, case)
    out, latents = tmp_path / "out.npy", save(tmp_path / "l.npy", ws)
    path = folder / f"{name}.safetensors"
    found = ask(path, "--latents", latents, "--out", out, *words)
    assert found.exit_code == 0, found.output
    assert np.abs(np.load(out) - wanted).max() <= 1e-4


def test_the_transform_is_the_inverse_of_the_pictures() -> None:
    for case in files.golden(SG3T)[1]["cases"]:
        if case["name"] in ("rotate30", "translate", "rot_trans"):
            (c, s, x), (_, _, y), _ = case["image_transform"]
            found = input_transform((x, y), -np.arctan2(s, c))
            np.testing.assert_allclose(found, case["input_transform"], atol=1e-6)


def test_a_stylegan2_cannot_be_moved(folder: Path, tmp_path: Path) -> None:
    path, out = folder / f"{SG2}.safetensors", tmp_path / "o.npy"
    for words in (["--rotate", 0], ["--translate", "0,0"]):
        assert "only a stylegan3" in refused(path, "--seeds", 1, "--out", out, *words)
    assert ask(path, "--seeds", 1, "--out", out, "--translate", "1").exit_code == 2


def test_every_picture_may_have_a_class_of_its_own(folder: Path, tmp_path: Path) -> None:
    path = folder / f"{SG2_CLASSES}.safetensors"
    case, _, wanted = golden_case(SG2_CLASSES, "batch2")
    arrays, _ = files.golden(SG2_CLASSES)
    out, z = tmp_path / "out.npy", save(tmp_path / "z.npy", arrays["z"][case["z_rows"]])
    weights = save(tmp_path / "c.npy", arrays["c"][case["z_rows"]])
    how = ["--latents", z, "--out", out, "--truncation", 0.8]
    found = ask(path, *how, "--class", weights)
    assert found.exit_code == 0, found.output
    assert np.abs(np.load(out) - wanted).max() <= 1e-4
    raw = np.load(out)[0]
    assert ask(path, *how, "--class", "4,1").exit_code == 0
    assert np.abs(np.load(out)[0] - raw).max() <= 1e-4
    assert ask(path, "--seeds", 3, "--class", "0-4", "--out", out).exit_code == 0
    assert len(np.load(out)) == 5
    assert "2 pictures and 3 classes" in refused(path, *how, "--class", "0-2")
    assert "no class 5" in refused(path, *how, "--class", "1,5")
    assert "weights of shape (N, 5)" in refused(path, *how, "--class", z)
    assert "'cat' are no classes" in refused(path, *how, "--class", "cat")


def test_a_foreign_file_is_converted_into_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue, "cache_folder", lambda: tmp_path / "cache")
    pickle = tmp_path / "net.pkl"
    pickle.write_bytes(model_files.snapshot(SG3T))
    _, ws, wanted = golden_case(SG3T, "wplus")
    latents, out = save(tmp_path / "l.npy", ws), tmp_path / "out.npy"
    found = ask(pickle, "--latents", latents, "--out", out, "--space", "w+")
    assert found.exit_code == 0, found.output
    assert np.abs(np.load(out) - wanted).max() <= 1e-4
    assert len(list((tmp_path / "cache").glob("*.safetensors"))) == 1


def test_seeds_are_those_of_the_trainers() -> None:
    assert read_numbers("0-3,7, 9 - 9", "seeds") == (0, 1, 2, 3, 7, 9)
    wanted = np.random.RandomState(7).randn(1, 24).astype(np.float32)
    np.testing.assert_array_equal(draw_seeds((3, 7), 24)[1:], wanted)


def test_a_sheet_holds_the_pictures_row_by_row(folder: Path, tmp_path: Path) -> None:
    path, sheet, raw = folder / f"{SG2}.safetensors", tmp_path / "s.png", tmp_path / "s.npy"
    assert ask(path, "--seeds", "0-2", "--out", sheet).exit_code == 0
    assert ask(path, "--seeds", "0-2", "--out", raw).exit_code == 0
    drawn = pixels(sheet)
    assert drawn.shape == (128, 128, 3)
    for number, picture in enumerate(np.load(raw).transpose(0, 2, 3, 1)):
        row, column = divmod(number, 2)
        cell = drawn[row * 64 :, column * 64 :][:64, :64]
        assert np.abs(cell - np.clip(picture * 127.5 + 127.5, 0, 255)).max() <= 0.51
    assert not drawn[64:, 64:].any()
    assert ask(path, "--seeds", 5, "--out", sheet).exit_code == 0
    assert pixels(sheet).shape == (64, 64, 3)
    assert not list(tmp_path.glob(".*"))


def test_one_file_means_the_same_in_every_command(folder: Path, tmp_path: Path) -> None:
    """Case field/08: `sample` refused what keys read, and counted layers as pictures."""
    w = np.random.RandomState(0).randn(1, 10, 32).astype(np.float32)
    np.savez(tmp_path / "projected_w.npz", w=w)
    np.save(tmp_path / "no_batch.npy", w[0])
    np.save(tmp_path / "n1.npy", w[:, :1])
    drawn = {}
    for name in ("projected_w.npz", "no_batch.npy", "n1.npy"):
        out = tmp_path / "out.npy"
        found = ask(folder / f"{SG2}.safetensors", "--latents", tmp_path / name, "--out", out)
        assert found.exit_code == 0, found.output
        drawn[name] = np.load(out)
        assert drawn[name].shape == (1, 3, 64, 64)
        assert ("one latent of 10 layers" in found.stderr) == (name == "no_batch.npy")
    assert np.array_equal(drawn["projected_w.npz"], drawn["no_batch.npy"])
    show = write_show(tmp_path, (folder / f"{SG2}.safetensors").as_posix())
    keys = '[layers.path]\nkeys = ["projected_w.npz", "no_batch.npy", "n1.npy"]\n'
    show.write_text(show.read_text().replace("}  #", ', space = "w+" }  #') + keys)
    read = load.load(str(show)).show
    assert len(read.paths[0].keys.keys) == 3
    notes = [text.split(":")[0] for text in read.notes if "outside the show's folder" not in text]
    assert notes == ["no_batch.npy"]


WRONG = {
    "of-another-shape": (np.zeros((2, 7), np.float32), "takes z (N, 24) or w (N, 32) or w+ (N, 10"),
    "one-number": (np.zeros((), np.float32), "holds latents of shape ()"),
    "none": (np.zeros((0, 24), np.float32), "holds latents of shape (0, 24)"),
    "not-a-number": (np.full((2, 24), np.nan), "what is no latent (NaN"),
    "infinite-in-float32": (np.full((2, 24), 1e300), "what is no latent (NaN"),
    "text": (np.full((2, 24), "x"), "holds no latents"),
    "objects": (np.full((2, 24), None), "holds objects of Python, which are never run"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_latents_are_one_sentence(folder: Path, tmp_path: Path, name: str) -> None:
    array, text = WRONG[name]
    path = tmp_path / "l.npy"
    np.save(path, array, allow_pickle=True)
    out = tmp_path / "out.npy"
    said = refused(folder / f"{SG2}.safetensors", "--latents", path, "--out", out)
    assert text in said
    assert "l.npy" in said
    assert not out.exists()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no array",
        b"PK\x03\x04 no zip",
        b"\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, "
        b"'shape': (4000, 99999999999), }" + b" " * 48 + b"\n",
        b"\x93NUMPY\x01\x00\x0b\x00{'descr': (",
    ],
    ids=["empty", "text", "zip", "a-header-that-lies", "a-header-that-never-ends"],
)
def test_a_damaged_file_is_one_sentence(folder: Path, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "l.npy"
    path.write_bytes(data)
    how = ("--latents", path, "--out", tmp_path / "o.npy")
    assert "is no file of latents" in refused(folder / f"{SG2}.safetensors", *how)


def test_an_interrupt_is_no_traceback(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("engine.lab.analysis.sample.store", interrupt)
    found = ask(folder / f"{SG2}.safetensors", "--seeds", 1, "--out", tmp_path / "o.png")
    assert (found.exit_code, found.output) == (130, "")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--seeds", "3-1"], "'3-1' are no seeds"),
        (["--seeds", "cat"], "'cat' are no seeds"),
        (["--seeds", "0-4294967295"], "at most 4096"),
        (["--seeds", "4294967296"], "are no seeds"),
        (["--seeds", "1", "--space", "w"], "--space belongs to --latents"),
        (["--seeds", "1", "--class", "5"], "it has 0 to 4"),
        ([], "either --latents"),
    ],
)
def test_wrong_words_are_one_sentence(
    folder: Path, tmp_path: Path, words: list[str], text: str
) -> None:
    path = folder / f"{SG2_CLASSES}.safetensors"
    assert text in refused(path, *words, "--out", tmp_path / "o.png")
    assert "ends in .npy" in refused(path, "--seeds", "1", "--out", tmp_path / "o.jpg")
    assert "is no folder" in refused(path, "--seeds", "1", "--out", tmp_path / "no" / "o.png")


SHOW = """# a show with a network of one's own
schema = 1
size_px = [64, 64]
[[layers]]
id = "net"
[layers.generator]
kind = "KIND"
size_px = 64
config = { path = "PATH" }  # beside the show
"""


def write_show(folder: Path, path: str, kind: str = "stylegan2") -> Path:
    show = folder / "show.toml"
    show.write_text(SHOW.replace("PATH", path).replace("KIND", kind), "utf-8")
    return show


def test_a_show_plays_a_model_beside_it(folder: Path, tmp_path: Path) -> None:
    show = write_show(folder, f"{SG2}.safetensors")
    out = tmp_path / "still-%05d.png"
    succeed("export", show, out, "--fps", 30, "--duration", "1/15", "--device", "cpu")
    pictures = [pixels(p) for p in sorted(tmp_path.glob("still-*.png"))]
    assert [p.shape for p in pictures] == [(64, 64, 3)] * 2
    assert all(len(np.unique(p)) > 20 for p in pictures)
    loaded = load.load(str(show))
    assert with_whole_paths(loaded.text, tmp_path) == loaded.text  # a take needs no folder for it
    assert f'path = "{(folder / SG2).resolve()}.safetensors" }}  # beside' in loaded.text
    addresses = [p.address for p in loaded.show.registry.parameters]
    assert "/layer/net/generator/noise_64" in addresses


def test_a_show_plays_a_pickle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "cache_folder", lambda: tmp_path / "cache")
    (tmp_path / "net.pkl").write_bytes(model_files.snapshot(SG3R))
    found = load.load(str(write_show(tmp_path, "net.pkl", "stylegan3"))).show.layers[0]
    assert found.generator is not None
    assert found.generator.spec.name == "stylegan3"
    assert Path(found.generator.config["path"]).parent == tmp_path / "cache"


def test_a_model_that_cannot_be_played_is_one_sentence(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "song.pkl").write_bytes(b"no network")
    sentences = {}
    for path in ("gone.safetensors", "song.pkl", (folder / f"{SG3T}.safetensors").as_posix()):
        show = write_show(tmp_path, path)
        with pytest.raises(load.ShowError) as found:
            load.load(str(show))
        sentences[path] = str(found.value)
        assert "layers[0].generator" in sentences[path]
        assert "\n" not in sentences[path]
    gone, song, other = sentences.values()
    assert f"{tmp_path / 'gone.safetensors'} is no file" in gone
    assert "song.pkl" in song
    assert "its kind is 'stylegan3'" in other
    done = latent_cinema("play", write_show(tmp_path, "gone.safetensors"), "--output", "null")
    assert done.returncode == 78
    assert json.dumps(done.stderr).count("\\n") == 1
