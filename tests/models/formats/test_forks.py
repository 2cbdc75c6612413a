"""Files of forks and of older programs: other places, missing attributes, more than is needed."""

from __future__ import annotations

import argparse
import collections
import io
import pathlib
import sys
import types
from typing import Any

import numpy as np
import pytest
import torch

from engine.generators.kinds import stylegan2, stylegan3
from engine.models import card
from engine.models.formats.reader import read_network
from engine.models.importer import catalogue
from engine.models.network import Network
from tests import model_files as files
from tests import stylegan_files
from tests.places import DATA

SG2, SG2_CLASSES, SG3R, SG3T = files.NETWORKS
one_thread = pytest.fixture(scope="module", autouse=True)(stylegan_files.one_thread)


def read(data: bytes) -> Network:
    return read_network(memoryview(data))


def read_tree(modules: Any, state: Any, **how: Any) -> Network:
    return read(files.dump({"G_ema": files.tree(modules, state, **how)}))


def assert_same(found: Network, state: Any) -> None:
    assert sorted(found.state) == sorted(state)
    for name, value in state.items():
        np.testing.assert_array_equal(found.state[name], value, err_msg=name)


def attributes() -> list[tuple[str, str]]:
    """Every attribute that a module of a golden file has, once."""
    found = []
    for name in (SG2_CLASSES, SG3T):
        keys = {key for table in files.golden(name)[0].values() for key in table}
        found += [(name, key) for key in sorted(keys - {"class_name"})]
    return found


# What only a trainer or a print-out asks for.
_NOT_ASKED = {
    "channels", "conv_kernel", "embed", "down_radial", "down_taps", "in_channels", "in_cutoff",
    "in_features", "in_half_width", "in_sampling_rate", "is_critically_sampled",
    "magnitude_ema_beta", "margin_size", "num_critical", "num_fp16_res", "out_channels",
    "out_cutoff", "out_features", "out_half_width", "out_sampling_rate", "tmp_sampling_rate",
    "up_taps", "use_fp16", "w_avg_beta", "w_dim", "num_layers",
}  # fmt: skip


@pytest.mark.parametrize(("name", "key"), attributes())
def test_a_missing_attribute_comes_from_the_rest(name: str, key: str) -> None:
    modules, state = files.golden(name)
    bare = {n: {k: v for k, v in table.items() if k != key} for n, table in modules.items()}
    found = read_tree(bare, state, kwargs=files.init_kwargs(name)).modules
    if key in _NOT_ASKED:
        return
    for place, table in modules.items():
        if key in table:
            value = found[place][key]
            close = pytest.approx(table[key]) if isinstance(value, float) else table[key]
            assert value == close, place


def test_all_attributes_missing() -> None:
    for name, family in ((SG2_CLASSES, stylegan2), (SG3T, stylegan3)):
        modules, state = files.golden(name)
        bare = {n: {"class_name": "X"} for n in modules}
        found = read_tree(bare, state, kwargs=files.init_kwargs(name))
        arrays, about = stylegan_files.golden(name)
        model = family.build_network(found.state, found.modules)
        for case in about["cases"][:3]:
            ws = stylegan_files.styles_of(model, arrays, case)
            wanted = stylegan_files.tensor(arrays, f"case{case['index']}/img")
            assert stylegan_files.distance(model.synthesize(ws, case["noise_mode"]), wanted) <= 1e-4


def test_gains_follow_the_module_itself() -> None:
    modules, state = files.golden(SG2)
    for key, gain in (("mapping.fc0", "weight_gain"), ("mapping.fc1", "bias_gain")):
        modules[key] = {k: v * 50 if k.endswith("_gain") else v for k, v in modules[key].items()}
        wanted = modules[key].pop(gain)
        found = read_tree(modules, state).modules[key][gain]
        modules[key][gain] = wanted
        assert found == pytest.approx(wanted)
    layer = modules["synthesis.b8.conv1"]
    layer["activation"] = "linear"
    del layer["act_gain"]
    assert read_tree(modules, state).modules["synthesis.b8.conv1"]["act_gain"] == 1


@pytest.mark.parametrize("size", [36, np.int64(36), [36, 36], (36, 36)])
def test_a_size_may_be_one_number(size: Any) -> None:
    modules, state = files.golden(SG3T)
    top = files.tree(modules, state)
    synthesis = top.meta["state"]["_modules"]["synthesis"].meta["state"]["_modules"]
    synthesis["input"].meta["state"]["size"] = size
    assert read(files.dump({"G_ema": top})).modules["synthesis.input"]["size"] == [36, 36]


def test_a_network_of_classes_alone_has_no_z() -> None:
    modules, state = files.golden(SG2_CLASSES)
    modules[""]["z_dim"] = modules["mapping"]["z_dim"] = 0
    state["mapping.fc0.weight"] = state["mapping.fc0.weight"][:, 24:]
    found = read_tree(modules, state)
    model = stylegan2.build_network(found.state, found.modules)
    assert model.map(torch.zeros(2, 0), torch.eye(5)[:2]).shape == (2, 32)
    modules[""]["c_dim"] = 0
    with pytest.raises(ValueError, match="0 as z_dim"):
        read_tree(modules, state)


def test_the_noise_of_forks() -> None:
    modules, state = files.golden(SG2)
    listed = {k: v[None] if k.endswith("noise_strength") else v for k, v in state.items()}
    assert_same(read_tree(modules, listed), state)
    for regulator, factor, expected in ((0, 0.5, None), (0.25, 2, 0.5)):
        for table in modules.values():
            if "use_noise" in table:
                table |= {"noise_regulator": regulator, "global_noise": factor}
        name = "synthesis.b8.conv1.noise_strength"
        wanted = state[name] * np.float32(factor) if expected is None else expected
        assert read_tree(modules, state).state[name] == pytest.approx(wanted)
    noiseless = {k: v for k, v in state.items() if not k.endswith("noise_strength")}
    found = read(files.tf_pickle(noiseless, use_noise=False))
    assert not found.modules["synthesis.b8.conv0"]["use_noise"]
    assert not any("noise" in key for key in found.state)


@pytest.mark.parametrize("classes", [5, 0])
def test_the_thousand_rows_of_stylegan_xl(classes: int) -> None:
    modules, state = files.golden(SG3T)
    modules[""]["c_dim"] = modules["mapping"]["c_dim"] = classes
    modules["mapping.embed"] = {"class_name": "Embedding", "training": False}
    rows = np.arange(12_000, dtype=np.float32).reshape(1000, 12)
    if classes:
        modules["mapping.embed_proj"] = dict(modules["mapping.fc1"])
        state["mapping.embed_proj.weight"] = np.ones((24, 12), np.float32)
        state["mapping.embed_proj.bias"] = np.zeros(24, np.float32)
        state["mapping.fc0.weight"] = np.concatenate([state["mapping.fc0.weight"]] * 2, axis=1)
        state["mapping.w_avg"] = np.stack([state["mapping.w_avg"]] * classes)
    given = state | {"mapping.embed.weight": rows}
    found = read_tree(modules, given, plain=("mapping.embed",))
    assert_same(found, state | ({"mapping.embed.weight": rows[:5]} if classes else {}))
    model = stylegan3.build_network(found.state, found.modules)
    assert (model.c_dim, model.z_dim) == (classes, 24)


def _rebuild(state: Any) -> Any:
    """Give every tensor an attribute of its own: torch writes such tensors in another way."""
    tensor = torch.from_numpy(np.array(state))
    tensor.tag = "frozen"  # type: ignore[attr-defined]
    return tensor


def test_tensors_that_have_attributes() -> None:
    modules, state = files.golden(SG2)
    top = files.tree(modules, state)
    top.meta["state"]["_buffers"]["more"] = _rebuild(np.float32(3))
    data = files.dump({"G_ema": top})
    assert b"_rebuild_from_type_v2" in data
    assert_same(read(data), state | {"more": np.float32(3)})


def test_what_stands_beside_the_generator(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "pg_modules.discriminator"
    for module in ("pg_modules", name):
        monkeypatch.setitem(sys.modules, module, types.ModuleType(module))
    kind = type("ProjectedDiscriminator", (), {"__module__": name})
    monkeypatch.setattr(sys.modules[name], kind.__name__, kind, raising=False)
    beside = kind()
    beside.layers = collections.defaultdict(list, {1: [pathlib.PurePosixPath("/home/me")]})
    modules, state = files.golden(SG2)
    data = {"D": beside, "G_ema": files.tree(modules, state), "kind": np.float32}
    assert_same(read(files.dump(data)), state)


def saved(value: Any, new: bool = True) -> bytes:
    file = io.BytesIO()
    torch.save(value, file, _use_new_zipfile_serialization=new)
    return file.getvalue()


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
def test_rosinality_in_other_wrappings(new: bool) -> None:
    kept = torch.load(DATA / "tiny-rosinality-64.pt", weights_only=True)
    theirs, average = kept["g_ema"], kept["latent_avg"]
    wanted = read(saved(kept)).state
    wrapped = {f"module.{key}": torch.nn.Parameter(value) for key, value in theirs.items()}
    net = torch.nn.Linear(2, 2)
    optimiser = torch.optim.Adam(net.parameters())
    net(torch.ones(1, 2)).sum().backward()
    optimiser.step()
    options = argparse.Namespace(
        path=pathlib.PurePosixPath("/data"), device=torch.device("cuda", 0), dtype=torch.float32
    )
    for value in (
        {"g_ema": wrapped},
        {"g_ema": None, "g": theirs},
        {"state_dict": theirs},
        {"g": {}, "g_ema": theirs, "g_optim": optimiser.state_dict(), "args": options},
    ):
        found = read(saved({"latent_avg": average, **value}, new)).state
        assert sorted(found) == sorted(wanted)
        assert all(np.array_equal(found[key], wanted[key]) for key in wanted)
    with pytest.raises(ValueError, match="SWAGAN"):
        read(saved({"g_ema": theirs | {"iwt.ll": torch.ones(2, 2)}}, new))


def _without_average() -> bytes:
    kept = torch.load(DATA / "tiny-rosinality-64.pt", weights_only=True)["g_ema"]
    return saved({key: value for key, value in kept.items() if not key.startswith("noises.")})


@pytest.mark.parametrize(
    "make",
    [
        *(lambda p=p, n=n: files.snapshot(n, p) for p in (0, 1, 2, 4) for n in (SG2, SG3T)),
        lambda: files.snapshot(SG3R, 4, numpy=1),
        lambda: files.tf_pickle(files.golden(SG2_CLASSES)[1], 2),
        _without_average,
        lambda: saved(torch.load(DATA / "tiny-rosinality-64.pt", weights_only=True), False),
    ],
)
def test_the_process_that_may_do_nothing_reads_it_too(make: Any, tmp_path: pathlib.Path) -> None:
    """It imports nothing once it has begun: codecs and random numbers must be there."""
    path = tmp_path / "net.pkl"
    path.write_bytes(make())
    catalogue.import_model(path, tmp_path / "net.safetensors")
    found = card.load(tmp_path / "net.safetensors")
    for key, value in read(path.read_bytes()).state.items():  # means of w differ by threads
        np.testing.assert_allclose(found.state[key], value, atol=1e-5, err_msg=key)
    assert catalogue.describe(path)["family"] == found.family
