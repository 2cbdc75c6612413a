"""Every kind of network file becomes the same thing: NVIDIA's names, float32, attributes."""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from engine.app.cli.models import model
from engine.models import card, safetensors
from engine.models.formats import rosinality, stylegan2_modules
from engine.models.formats.modules import Choices
from engine.models.formats.reader import read_network
from engine.models.importer import catalogue
from engine.models.network import Network
from tests import model_files as files
from tests.places import DATA

SG2, SG2_CLASSES, SG3R, SG3T = files.NETWORKS


def read(data: bytes) -> Network:
    return read_network(memoryview(data))


def assert_is(network: Network, modules: Any, state: Any) -> None:
    assert sorted(network.state) == sorted(state)
    for name, value in state.items():
        np.testing.assert_array_equal(network.state[name], value, err_msg=name)
    assert json.loads(json.dumps(network.modules)) == modules


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("name", files.NETWORKS)
def test_every_protocol(name: str, protocol: int) -> None:
    network = read(files.snapshot(name, protocol))
    assert_is(network, *files.golden(name))
    assert network.family == ("stylegan3" if "sg3" in name else "stylegan2")
    assert network.kwargs == files.init_kwargs(name)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_the_spelling_of_numpy_1(protocol: int) -> None:
    data = files.snapshot(SG3T, protocol, numpy=1)
    assert b"numpy.core" in data
    assert b"numpy._core" not in data
    assert_is(read(data), *files.golden(SG3T))


@pytest.mark.parametrize("name", [SG2_CLASSES, SG3R])
def test_frozen_weights_are_buffers(name: str) -> None:
    assert_is(read(files.snapshot(name, frozen=True)), *files.golden(name))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions(dtype: torch.dtype) -> None:
    network = read(files.snapshot(SG2, dtype=dtype))
    for name, value in files.golden(SG2)[1].items():
        expected = torch.from_numpy(value).to(dtype).float().numpy()
        np.testing.assert_array_equal(network.state[name], expected, err_msg=name)


def test_channels_last_weights_keep_their_places() -> None:
    modules, state = files.golden(SG2)
    top = files.tree(modules, state)
    layer = top.meta["state"]["_modules"]["synthesis"]
    for part in ("b8", "conv0"):
        layer = layer.meta["state"]["_modules"][part]
    weight = layer.meta["state"]["_parameters"]["weight"]
    weight.data = weight.data.to(memory_format=torch.channels_last)
    assert not weight.data.is_contiguous()
    assert_is(read(files.dump({"G_ema": top})), modules, state)


@pytest.mark.parametrize("key", ["G_ema", "G"])
def test_a_file_with_one_network(key: str) -> None:
    modules, state = files.golden(SG2)
    network = read(files.dump(files.EasyDict({key: files.tree(modules, state)})))
    assert_is(network, modules, state)
    assert bool(network.notes) == (key == "G")


def test_missing_attributes_come_from_the_shapes() -> None:
    modules, state = files.golden(SG2)
    bare = {name: {"class_name": table["class_name"]} for name, table in modules.items()}
    bare[""] |= {key: modules[""][key] for key in ("z_dim", "c_dim", "w_dim", "img_resolution")}
    bare[""]["img_channels"] = 3
    for table in modules.values():
        table |= {k: v for k, v in (("conv_clamp", None), ("use_fp16", False)) if k in table}
    assert_is(read(files.dump({"G_ema": files.tree(bare, state)})), modules, state)


def test_pruned_and_not_square() -> None:
    modules, state = files.golden(SG2)
    modules["synthesis"]["init_res"] = [4, 6]
    modules["synthesis"]["channels_dict"] = {"4": 24, "64": 7}
    for name, value in state.items():
        if name.endswith(("const", "noise_const")):
            state[name] = np.concatenate([value, value[..., : value.shape[-1] // 2]], axis=-1)
    for name in ("weight", "bias"):  # one channel fewer in the last layer
        state[f"synthesis.b64.conv1.{name}"] = state[f"synthesis.b64.conv1.{name}"][:7]
        last = f"synthesis.b64.torgb.affine.{name}"
        state[last] = state[last][:7]
    state["synthesis.b64.torgb.weight"] = state["synthesis.b64.torgb.weight"][:, :7]
    data = files.dump({"G_ema": files.tree(modules, state)})
    assert_is(read(data), modules, state)


def test_stylegan_xl() -> None:
    modules, state = files.golden(SG3T)
    modules[""] |= {"class_name": "SuperresGenerator", "c_dim": 5}
    modules["mapping"]["c_dim"] = 5
    modules["mapping.embed"] = {"class_name": "Embedding", "training": False, "num_embeddings": 5}
    modules["mapping.embed_proj"] = dict(modules["mapping.fc1"])
    state["mapping.embed.weight"] = np.full((5, 12), 0.5, np.float32)
    state["mapping.embed_proj.weight"] = np.ones((24, 12), np.float32)
    state["mapping.embed_proj.bias"] = np.zeros(24, np.float32)
    state["mapping.fc0.weight"] = np.concatenate([state["mapping.fc0.weight"]] * 2, axis=1)
    state["mapping.w_avg"] = np.stack([state["mapping.w_avg"]] * 5)
    top = files.tree(modules, state, plain=("mapping.embed",))
    size = top.meta["state"]["_modules"]["synthesis"].meta["state"]["_modules"]["input"].meta
    size["state"]["size"] = _Dilled(size["state"]["size"])
    data = files.dump({"G_ema": top, "progress": {"cur_nimg": np.int64(3)}})
    assert b"torch.nn.modules.sparse" in data
    assert b"_create_array" in data
    network = read(data)
    assert_is(network, modules, state)
    assert catalogue.describe_network(network)["variant"] == "xl"


class _Dilled:
    """Reduces as dill reduces an array."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __reduce__(self) -> Any:
        make, arguments, state = self.array.__reduce__()
        return files._create_array, (make, arguments, state, None)


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("name", [SG2, SG2_CLASSES])
def test_tensorflow(name: str, protocol: int) -> None:
    modules, state = files.golden(name)
    data = files.tf_pickle(
        state, protocol, conv_clamp=256, num_fp16_res=4, fmap_base=256, truncation_psi=0.5
    )
    network = read(data)
    assert sorted(network.state) == sorted(state)
    for key, value in state.items():
        np.testing.assert_allclose(network.state[key], value, atol=3e-7, err_msg=key)
    assert network.modules == modules
    assert "truncation_psi" not in network.kwargs


def test_tensorflow_resnet_and_a_lone_network() -> None:
    _, state = files.golden(SG2)
    for resolution in (4, 8, 16, 32):
        state = {
            k: v for k, v in state.items() if not k.startswith(f"synthesis.b{resolution}.torgb")
        }
    for resolution in (8, 16, 32, 64):
        out, into = state[f"synthesis.b{resolution}.conv0.weight"].shape[:2]
        skip = np.arange(out * into, dtype=np.float32).reshape(out, into, 1, 1)
        state[f"synthesis.b{resolution}.skip.weight"] = skip
    taps = [1, 2, 3, 4, 4, 3, 2, 1]
    network = read(files.tf_pickle(state, architecture="resnet", resample_kernel=taps))
    assert network.modules["synthesis.b8"]["architecture"] == "resnet"
    assert network.modules["synthesis.b8"]["num_torgb"] == 0
    np.testing.assert_array_equal(
        network.state["synthesis.b8.skip.weight"], state["synthesis.b8.skip.weight"]
    )
    kept = network.state["synthesis.b8.resample_filter"]
    np.testing.assert_allclose(kept, np.array(taps) / 20, rtol=1e-6)


def test_tensorflow_older_than_stylegan2_is_refused() -> None:
    with pytest.raises(ValueError, match="older than StyleGAN2"):
        read(files.tf_pickle(files.golden(SG2)[1], version=3))


def checkpoint(**more: Any) -> dict[str, Any]:
    kept = torch.load(DATA / "tiny-rosinality-64.pt", weights_only=True)
    return {"args": argparse.Namespace(size=64), "g": None, **kept, **more}


def saved(value: Any, new: bool) -> bytes:
    file = io.BytesIO()
    torch.save(value, file, _use_new_zipfile_serialization=new)
    return file.getvalue()


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
def test_rosinality_is_the_same_network(new: bool) -> None:
    modules, state = files.golden(SG2)
    for table in modules.values():  # it knows neither clamps nor halves
        table |= {k: v for k, v in (("conv_clamp", None), ("use_fp16", False)) if k in table}
    network = read(saved(checkpoint(), new))
    for name in (n for n in state if n.endswith("resample_filter")):
        np.testing.assert_allclose(network.state[name], state[name])
        state[name] = network.state[name]
    assert_is(network, modules, state)


def test_rosinality_without_average_noise_and_wrapping() -> None:
    theirs = {k: v for k, v in checkpoint()["g_ema"].items() if not k.startswith("noises.")}
    network = read(saved(theirs, new=True))
    assert len(network.notes) == 2
    assert network.state["synthesis.b64.conv1.noise_const"].shape == (64, 64)
    average = network.state["mapping.w_avg"]
    golden_average = files.golden(SG2)[1]["mapping.w_avg"]
    assert average.shape == golden_average.shape
    again = read(saved(theirs, new=True)).state["mapping.w_avg"]
    np.testing.assert_array_equal(average, again)


def test_the_mapping_that_averages_w_is_the_golden_one() -> None:
    modules, state = files.golden(SG2)
    with np.load(DATA / f"{SG2}.npz") as file:
        z, expected = file["z"], file["case0/ws"]
    w = rosinality.map_latents(z[:1].astype(np.float32), state, modules)
    np.testing.assert_allclose(w[0], expected[0, 0], atol=1e-6)


@pytest.mark.parametrize("name", [SG2, SG2_CLASSES])
def test_the_layout_is_worked_out_from_shapes(name: str) -> None:
    modules, state = files.golden(name)
    choices = Choices(conv_clamp=256, num_fp16_res=4)
    assert stylegan2_modules.describe(state, choices) == modules


@pytest.mark.parametrize("name", files.NETWORKS)
def test_import_writes_a_model_and_a_card(name: str, tmp_path: Path) -> None:
    source, out = tmp_path / "net.pkl", tmp_path / "out" / "net.safetensors"
    out.parent.mkdir()
    source.write_bytes(files.snapshot(name))
    given = {"licence": 'mine, "really" \x7f €', "origin": ""}
    catalogue.import_model(source, out, given)
    assert sorted(p.name for p in out.parent.iterdir()) == ["net.safetensors", "net.toml"]
    network = card.load(out)
    modules, state = files.golden(name)
    assert_is(network, modules, state)
    assert network.source_sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
    read_back = tomllib.loads((tmp_path / "out" / "net.toml").read_text("utf-8"))
    assert read_back["licence"] == given["licence"]
    assert read_back["data_set"] == "cats-64.zip"
    assert read_back["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert b"secret" not in out.read_bytes()
    found = catalogue.describe(out)
    assert (found["licence"], found["card"]) == (given["licence"], read_back)
    out.with_suffix(".toml").write_text('licence = "of other weights"\nsha256 = "0"\n')
    assert "non-commercial" in catalogue.describe(out)["licence"]


def test_the_safetensors_library_reads_what_we_write(tmp_path: Path) -> None:
    library = pytest.importorskip("safetensors")
    source, out = tmp_path / "net.pkl", tmp_path / "net.safetensors"
    source.write_bytes(files.snapshot(SG3T))
    catalogue.import_model(source, out)
    with library.safe_open(out, "numpy") as file:
        said = json.loads(file.metadata()[card.METADATA])
        for name, value in files.golden(SG3T)[1].items():
            np.testing.assert_array_equal(file.get_tensor(name), value)
    assert said["family"] == "stylegan3"
    assert said["modules"] == files.golden(SG3T)[0]


def test_info_speaks_json_and_nothing_else(tmp_path: Path) -> None:
    source, out = tmp_path / "net.pkl", tmp_path / "net.safetensors"
    source.write_bytes(files.snapshot(SG2_CLASSES))
    runner = CliRunner()
    assert runner.invoke(model, ["import", str(source), str(out)]).exit_code == 0
    found = [
        json.loads(runner.invoke(model, ["info", str(path), "--json"]).stdout)
        for path in (source, out)
    ]
    for table in found:
        assert (table["family"], table["variant"]) == ("stylegan2", "skip")
        assert table["resolution_px"] == [64, 64]
        assert (table["z_dim"], table["w_dim"], table["c_dim"], table["num_ws"]) == (24, 32, 5, 10)
        assert table["kwargs"] == files.init_kwargs(SG2_CLASSES)
        assert [layer["name"] for layer in table["layers"]][:3] == [
            "b4.conv1",
            "b4.torgb",
            "b8.conv0",
        ]
        assert "non-commercial" in table["licence"]
    assert found[0]["sha256"] == found[1]["sha256"] == found[0]["file_sha256"]
    assert found[1]["file_sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    said = runner.invoke(model, ["info", str(out)])
    assert said.exit_code == 0
    assert "64×64" in said.stdout


def test_playable_converts_once(tmp_path: Path) -> None:
    source, cache = tmp_path / "net.pkl", tmp_path / "cache"
    source.write_bytes(files.snapshot(SG2))
    first = catalogue.playable(source, cache)
    stamp = first.stat().st_mtime_ns
    assert catalogue.playable(source, cache) == first
    assert first.stat().st_mtime_ns == stamp
    assert catalogue.playable(first, cache) == first
    assert_is(card.load(first), *files.golden(SG2))


def test_a_file_is_mapped_not_copied(tmp_path: Path) -> None:
    source, out = tmp_path / "net.pkl", tmp_path / "net.safetensors"
    source.write_bytes(files.snapshot(SG2))
    catalogue.import_model(source, out)
    tensor = card.load(out).state["synthesis.b4.const"]
    assert not tensor.flags.owndata
    assert not tensor.flags.writeable


def test_tensor_file_keeps_integers_and_empties(tmp_path: Path) -> None:
    state = {"a": np.arange(3), "b": np.zeros((0, 4), np.float16), "c": np.array(True)}
    path = tmp_path / "x.safetensors"
    with path.open("wb") as file:
        safetensors.write(file, state, {})
    data = safetensors.map_file(path)
    table, metadata, at = safetensors.read_header(data)
    assert metadata == {}
    for name, value in state.items():
        found = safetensors.tensor_of(data[at:], table[name])
        assert found.shape == value.shape
        np.testing.assert_array_equal(found, value)
