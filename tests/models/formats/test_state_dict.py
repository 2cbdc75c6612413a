"""State dictionaries, lists and tables of networks: read as what they are, or named plainly."""

from __future__ import annotations

import collections
import datetime
import functools
import io
import os
import pickle
import uuid
import zipfile
from typing import Any

import numpy as np
import pytest
import torch

from engine.generators.kinds import stylegan2, stylegan3
from engine.models.formats.reader import read_network
from engine.models.network import Network
from engine.models.unpickle.inert import RefusedError
from tests import model_files as files
from tests import stylegan_files

SG2, SG2_CLASSES, SG3R, SG3T = files.NETWORKS
one_thread = pytest.fixture(scope="module", autouse=True)(stylegan_files.one_thread)


def read(data: bytes) -> Network:
    return read_network(memoryview(data))


def tensors(name: str, before: str = "") -> dict[str, torch.Tensor]:
    return {before + k: torch.from_numpy(np.array(v)) for k, v in files.golden(name)[1].items()}


def saved(value: Any) -> bytes:
    out = io.BytesIO()
    torch.save(value, out)
    return out.getvalue()


WRAPPED = {
    "alone": lambda own: own,
    "G_ema": lambda own: {"G_ema": own},
    "state_dict": lambda own: {"epoch": 3, "state_dict": own},
    "of a trainer": lambda own: {
        "state_dict": {
            **{f"G.{key}": value * 0 for key, value in own.items()},
            **{f"G_ema.{key}": value for key, value in own.items()},
            "D.b64.fromrgb.weight": torch.ones(3),
        }
    },
    "module": lambda own: {f"module.{key}": value for key, value in own.items()},
}


@pytest.mark.parametrize("how", WRAPPED)
def test_a_stylegan2_state_dictionary_is_read(how: str) -> None:
    """Cases stylegan/state-dict.pt, gema-state-dict.pt."""
    found = read(saved(WRAPPED[how](tensors(SG2))))
    modules, state = files.golden(SG2)
    assert sorted(found.state) == sorted(state)
    for name, value in state.items():
        np.testing.assert_array_equal(found.state[name], value, err_msg=name)
    assert "it holds numbers alone" in found.notes[0]
    assert found.modules["mapping"]["num_ws"] == modules["mapping"]["num_ws"]


@pytest.mark.parametrize("name", [SG2, SG2_CLASSES, SG3R, SG3T])
def test_its_pictures_are_the_networks(name: str) -> None:
    found = read(saved(tensors(name)))
    family = stylegan3 if "sg3" in name else stylegan2
    model = family.build_network(found.state, found.modules)
    arrays, about = stylegan_files.golden(name)
    case = next(each for each in about["cases"] if each["name"] == "plain")
    with torch.inference_mode():
        drawn = model.synthesize(stylegan_files.styles_of(model, arrays, case), case["noise_mode"])
    wanted = torch.from_numpy(arrays[f"case{case['index']}/img"])
    assert stylegan_files.distance(drawn, wanted) <= 1e-4


def test_what_a_dictionary_lacks_is_made_or_named() -> None:
    bare = {
        key: value
        for key, value in tensors(SG2).items()
        if not key.endswith(("noise_const", "resample_filter", "w_avg"))
    }
    found = read(saved(bare))
    assert {"synthesis.b8.conv0.noise_const", "mapping.w_avg"} <= found.state.keys()
    assert any("no average of w" in note for note in found.notes)
    half = {key: value for key, value in bare.items() if not key.startswith("mapping.")}
    with pytest.raises(RefusedError, match="lacks its mapping network"):
        read(saved(half))


def generator(name: str = SG2) -> Any:
    modules, state = files.golden(name)
    return files.tree(modules, state, kwargs=files.init_kwargs(name))


def test_networks_in_a_row_and_by_other_names() -> None:
    """Cases stylegan/list-G-D-Gema.pkl, key-generator.pkl."""
    other = generator(SG2_CLASSES)
    found = read(files.dump([other, None, generator()]))
    assert found.modules[""]["c_dim"] == 0
    assert found.notes == ()
    found = read(files.dump({"generator": generator()}))
    assert found.notes == ("it has no G_ema (the average over training): generator is used",)
    found = read(files.dump({"a": other, "b_ema": generator()}))
    assert found.modules[""]["c_dim"] == 0
    assert found.notes[1] == "it holds other generators, which are not used: a"


HARMLESS: dict[str, Any] = {
    "saved": datetime.datetime(2026, 11, 29, tzinfo=datetime.UTC),
    "took": datetime.timedelta(seconds=5),
    "seen": collections.Counter("abca"),
    "losses": collections.deque([1.0, 2.0], maxlen=3),
    "activation": functools.partial(torch.nn.functional.leaky_relu, negative_slope=0.2),
    "run": uuid.UUID(int=5),
    "random": np.random.RandomState(3),
    "stream": np.random.default_rng(3),
    "set": frozenset({1, 2}),
}


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("what", HARMLESS)
def test_harmless_objects_beside_a_network_are_passed_over(what: str, protocol: int) -> None:
    """Case stylegan/key-datetime.pkl."""
    found = read(files.dump({"note": HARMLESS[what], "G_ema": generator()}, protocol))
    assert found.family == "stylegan2"


class Runs:
    def __reduce__(self) -> Any:
        return os.system, ("echo it was run",)


def test_what_cannot_be_passed_over_is_named_without_alarm_and_a_trap_with() -> None:
    data = b"\x80\x04\x8c\x0cwandb.config\x8c\x08Settings\x93)\x81."
    with pytest.raises(RefusedError) as error:
        read(data)
    assert "names wandb.config.Settings" in str(error.value)
    assert "save the network alone (its G_ema)" in str(error.value)
    assert "trap" not in str(error.value)
    for trap in (Runs(), functools.partial(os.system, "echo it was run")):
        with pytest.raises(RefusedError, match="a trap; nothing of it was run"):
            read(pickle.dumps({"x": trap}))


def test_a_zip_of_a_network_says_unpack_it() -> None:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as archive:
            archive.writestr("net.pkl", files.snapshot(SG2)[:4096])
        with pytest.raises(RefusedError, match="unpack it first"):
            read(out.getvalue())


def test_what_is_left_unused_is_said() -> None:
    modules, state = files.golden(SG2)
    state["synthesis.b8.attention.weight"] = np.ones((3, 3), np.float32)
    modules["synthesis.b8.attention"] = {"class_name": "Attention"}
    found = read(files.dump({"G_ema": files.tree(modules, state)}))
    assert "synthesis.b8.attention.weight): its pictures may differ" in found.notes[-1]


def channels(count: int) -> Network:
    modules, state = files.golden(SG2)
    for key in [key for key in state if ".torgb.weight" in key or ".torgb.bias" in key]:
        state[key] = np.concatenate([state[key]] * 3)[:count]
    for module in modules.values():
        if "img_channels" in module:
            module["img_channels"] = count
    return read(files.dump({"G_ema": files.tree(modules, state)}))


def test_two_channels_are_refused_and_more_than_four_said() -> None:
    """Case field/17."""
    with pytest.raises(RefusedError, match="2 channels, which are no colours"):
        channels(2)
    assert channels(4).notes == ()
    assert channels(6).notes == ("it draws 6 channels: three are shown, the rest is not used",)
