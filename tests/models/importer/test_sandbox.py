"""Files that want to run code, take memory or take time: each is refused in one sentence."""

from __future__ import annotations

import argparse
import codecs
import contextlib
import io
import json
import os
import pickle
import struct
import subprocess
import sys
import types
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.app.cli.models import model
from engine.models import card, describe, safetensors
from engine.models.formats.reader import read_network
from engine.models.importer import catalogue, sandbox
from engine.models.unpickle.inert import RefusedError
from engine.models.unpickle.torch_storage import MAGIC
from tests import model_files as files
from tests.places import DATA

MARKER = "the-model-ran-this"
COMMAND = f"touch {MARKER}"
SG2, SG3T = files.NETWORKS[0], files.NETWORKS[3]
_WATCHED = ("os.", "subprocess.", "socket.", "exec", "compile", "open", "import", "pickle.",
            "ctypes.", "marshal.")  # fmt: skip
_events: list[str] | None = None
for _codec in ("latin-1", "ascii", "raw-unicode-escape"):  # Python imports these when first used
    codecs.decode(b"", _codec)


def _watch(event: str, _: tuple[Any, ...]) -> None:
    if _events is not None and event.startswith(_WATCHED):
        _events.append(event)


sys.addaudithook(_watch)


@pytest.fixture(autouse=True)
def _nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    assert not Path(MARKER).exists()


def refuse(data: bytes, match: str) -> None:
    """Read in this process, where everything that happens is heard."""
    global _events
    view = memoryview(data)
    said = None
    _events = []
    try:
        read_network(view)
    except RefusedError as error:
        said = str(error)
    finally:
        heard, _events = _events, None
    assert heard == []
    assert said is not None, "it was read"
    assert "\n" not in said
    assert len(said) < 400
    assert match in said


class Call:
    """Reduces to a call."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.parts = function, arguments

    def __reduce__(self) -> Any:
        return self.parts


class Name:
    """Written as the bare name of a module's member that need not exist."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


class Pickler(pickle._Pickler):  # type: ignore[name-defined,misc]  # the one that is Python
    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        if isinstance(obj, Name):
            self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())
        else:
            super().save(obj, save_persistent_id)

    def save_reduce(self, func: Any, args: Any, *more: Any, **named: Any) -> None:
        if isinstance(func, Name):
            self.save(func)
            self.save(args)
            self.write(pickle.REDUCE)
        else:
            super().save_reduce(func, args, *more, **named)


def dump(value: Any, protocol: int = 2) -> bytes:
    file = io.BytesIO()
    # A callable is asked for by `pickle` before our `save_reduce` is: look the part of one.
    Name.__call__ = lambda self: None  # type: ignore[attr-defined]
    Pickler(file, protocol).dump(value)
    return file.getvalue()


def stream(*pickles: bytes, data: bytes = b"") -> bytes:
    """A legacy stream whose last pickles are the given ones."""
    facts = {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}
    return b"".join(map(dump, (MAGIC, 1001, facts))) + b"".join(pickles) + data


def in_storage(inner: bytes) -> bytes:
    """A snapshot with a tensor whose bytes are these."""
    load = Call(Name("torch.storage", "_load_from_bytes"), inner)
    tensor = Call(Name("torch._utils", "_rebuild_tensor_v2"), load, 0, (1,), (1,), False, {})
    return dump({"G_ema": tensor}, 3)


EVIL = Call(Name("os", "system"), COMMAND)


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_call_of_the_system(protocol: int) -> None:
    refuse(pickle.dumps({"G_ema": Call(os.system, COMMAND)}, protocol), "system")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(in_storage(dump(EVIL)), id="instead of a stream"),
        pytest.param(in_storage(stream(dump(EVIL))), id="in a stream"),
        pytest.param(in_storage(stream(dump([]), dump(EVIL))), id="in the keys of a stream"),
        pytest.param(in_storage(in_storage(dump(EVIL))), id="in a stream of a tensor of a tensor"),
        pytest.param(in_storage(stream(in_storage(dump(EVIL)))), id="in a tensor of a stream"),
        pytest.param(stream(dump(EVIL)), id="in a checkpoint of the old format"),
    ],
)
def test_code_among_the_numbers_of_a_tensor(data: bytes) -> None:
    refuse(data, "at byte")


def test_code_in_an_array_of_objects() -> None:
    array = np.array([Call(os.system, COMMAND)], dtype=object)
    for protocol in (2, 4, 5):
        refuse(pickle.dumps({"G_ema": array}, protocol), "not of numbers" if protocol < 5 else "")


def test_code_behind_getattr() -> None:
    module_of_system = Call(Name("importlib", "import_module"), "os")
    refuse(dump(Call(Name("builtins", "getattr"), module_of_system, "system")), "getattr")


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("posix", "system"), ("nt", "system"), ("subprocess", "Popen"), ("builtins", "eval"),
        ("builtins", "exec"), ("builtins", "__import__"), ("__builtin__", "eval"),
        ("builtins", "dict.fromkeys"), ("runpy", "_run_code"), ("pty", "spawn"),
        ("torch", "load"), ("torch.hub", "load"), ("torch.serialization", "load"),
        ("torch.jit", "load"), ("numpy", "load"), ("numpy.core.multiarray", "fromfile"),
        ("operator", "attrgetter"), ("functools", "reduce"), ("copyreg", "add_extension"),
        ("copyreg", "__newobj__"), ("_codecs", "lookup"), ("codecs", "encode"), ("pip", "main"),
        ("dill._dill", "_load_type"), ("dill._dill", "_create_function"),
        ("dill._dill", "_import_module"), ("cloudpickle.cloudpickle", "_make_function"),
        ("torch_utils.persistence", "import_hook"), ("torch_utils.persistence.os", "system"),
        ("collections", "OrderedDict.fromkeys"), ("torch._utils", "_import_dotted_name"),
        ("torch.nn.modules.module", "Module.__setattr__"), ("webbrowser", "open"),
        ("numpy.testing._private.utils", "runstring"), ("pickle", "loads"), ("ctypes", "CDLL"),
    ],
)  # fmt: skip
def test_any_other_name(module: str, name: str) -> None:
    refuse(dump({"G_ema": Call(Name(module, name), COMMAND)}), "names")


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"\x80\x02cos\nsystem\n(U\x02lstR.", "names os.system"),
        (b"(S'ls'\nios\nsystem\n.", "opcode"),
        (b"(cos\nsystem\nS'ls'\no.", "names os.system"),
        (b"\x80\x02\x82\x01.", "opcode"),
        (b"\x80\x05\x97.", "opcode"),
        (b"\x80\x02cnumpy\nndarray\n)R.", "never called"),
        (b"\x80\x02cnumpy\nndarray\n)\x81.", "never made"),
        (b"\x80\x02cnumpy\ndtype\n}b.", "no state"),
        (b"\x80\x02ccollections\nOrderedDict\n)R(K\x01b.", "damaged"),
        (b"\x80\x02U\x02ls)R.", "no name"),
        (b"\x80\x04\x8c\x02os]\x93.", "no name"),
        (b"\x80\x02cargparse\nNamespace\n)\x81N}\x86b.", "no table"),
        (b"\x80\x02N0Q.", "damaged"),
        (b"\x80\x02K\x01Q.", "outside itself"),
        (b"\x80\x04}(]K\x01u.", "neither text nor number"),
        (b"\x80\x04cbuiltins\nset\n]]a\x85R.", "set that is none"),
        (b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x06\x00\x00\x00rot_13\x86R.", "encodes"),
    ],
)
def test_opcodes_that_no_network_uses(data: bytes, match: str) -> None:
    refuse(data, match)


def tensor_stream(count: int = 4, numel: int | None = None) -> bytes:
    identity = ("storage", Name("torch", "FloatStorage"), "0", "cpu", numel or count, None)
    root = dump(identity)[:-1] + b"Q."
    return stream(root, dump(["0"]), data=struct.pack("<q", count) + bytes(4 * count))


def tensor(offset: Any, shape: Any, strides: Any, inner: bytes | None = None) -> bytes:
    load = Call(Name("torch.storage", "_load_from_bytes"), inner or tensor_stream())
    made = Call(Name("torch._utils", "_rebuild_tensor_v2"), load, offset, shape, strides, False, {})
    return dump({"G_ema": made}, 3)


@pytest.mark.parametrize(
    ("data", "match"),
    [
        pytest.param(tensor(0, (2**40,), (0,)), "over 4 stored", id="stride 0"),
        pytest.param(tensor(0, (2**31, 2**31), (0, 0)), "over 4 stored", id="overflow"),
        pytest.param(tensor(3, (4,), (-1,)), "impossible layout", id="negative stride"),
        pytest.param(tensor(-1, (2,), (1,)), "impossible layout", id="negative offset"),
        pytest.param(tensor(0, (-1,), (1,)), "impossible layout", id="negative size"),
        pytest.param(tensor(0, (2, 2), (3, 1)), "reaches outside", id="out of bounds"),
        pytest.param(tensor(1, (4,), (1,)), "reaches outside", id="offset out of bounds"),
        pytest.param(tensor(0, (2**70,), (1,)), "impossible layout", id="beyond 64 bits"),
        pytest.param(tensor(0, (1,), (1, 1)), "impossible layout", id="axes and strides"),
        pytest.param(tensor(0, (1,) * 9, (1,) * 9), "over 4 stored", id="nine axes"),
        pytest.param(tensor(0, (1.5,), (1,)), "impossible layout", id="no integer"),
        pytest.param(
            tensor(0, (1,), (1,), tensor_stream(numel=2**40)), "middle of a tensor", id="storage"
        ),
        pytest.param(tensor(0, (1,), (1,), tensor_stream()[:-1]), "middle of a tensor", id="cut"),
        pytest.param(
            tensor(0, (1,), (1,), tensor_stream(3, 4) + bytes(4)), "two sizes", id="two sizes"
        ),
        pytest.param(
            dump({"G": Call(Name("numpy.core.multiarray", "scalar"),
                            Call(Name("numpy", "dtype"), "O8", 0, 1), b"x")}, 3),
            "not of numbers", id="scalar of objects",
        ),
        pytest.param(b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"x.", "too early", id="bytes"),
        pytest.param(b"\x80\x04\x8d" + struct.pack("<Q", 2**63) + b"x.", "too early", id="text"),
        pytest.param(b"\x80\x04\x95" + struct.pack("<Q", 2**40) + b".", "damaged", id="frame"),
        pytest.param(b"\x80\x02\x8b" + struct.pack("<i", 2**30) + b".", "absurd", id="integer"),
        pytest.param(b"\x80\x02\x8b" + struct.pack("<i", -1) + b".", "too early", id="negative"),
        pytest.param(b"I" + b"9" * 100_000 + b"\n.", "is a text", id="digits"),
        pytest.param(b"\x80\x02]r\xff\xff\xff\xff0j\xff\xff\xff\x7f.", "damaged", id="memo index"),
    ],
)  # fmt: skip
def test_shapes_and_lengths_that_lie(data: bytes, match: str) -> None:
    refuse(data, match)


def test_a_numpy_shape_that_lies() -> None:
    data = pickle.dumps(np.zeros(3, np.float32), 3)
    assert data.count(b"K\x03\x85") == 1
    refuse(data.replace(b"K\x03\x85", b"J\xff\xff\xff\x7f\x85"), "do not fit")


def module(**state: Any) -> files.Persistent:
    empty: dict[str, Any] = {"_parameters": {}, "_buffers": {}, "_modules": {}}
    return files.Persistent("Generator", empty | state)


def shared(levels: int, width: int) -> list[Any]:
    found: list[Any] = [1]
    for _ in range(levels):
        found = [found] * width
    return found


def cyclic_module() -> files.Persistent:
    inner = module()
    inner.meta["state"]["_modules"]["again"] = inner
    return inner


def wide_module(levels: int) -> files.Persistent:
    inner = module(_buffers={f"b{i}": torch.zeros(1) for i in range(8)})
    for _ in range(levels):
        inner = module(_modules={f"m{i}": inner for i in range(30)})
    return inner


def cyclic_pickle() -> bytes:
    """A persistent object whose table of modules holds the object itself."""
    state = (
        b"}(X\x08\x00\x00\x00_modules}q\x05X\x0b\x00\x00\x00_parameters}X\x08\x00\x00\x00_buffers}u"
    )
    meta = (
        b"}(X\x04\x00\x00\x00typeX\x05\x00\x00\x00classX\x0a\x00\x00\x00class_name"
        b"X\x01\x00\x00\x00GX\x05\x00\x00\x00state" + state + b"u"
    )
    top = b"ctorch_utils.persistence\n_reconstruct_persistent_obj\n" + meta + b"\x85Rq\x01"
    # The memoised table gets the finished object under the name "again".
    return b"\x80\x02" + top + b"h\x05X\x05\x00\x00\x00againh\x01s0."


@pytest.mark.parametrize(
    ("value", "match"),
    [
        (lambda: files.dump({"G_ema": module(deep=shared(4, 1000))}), "more attributes"),
        (lambda: files.dump({"G_ema": module(deep=shared(200, 2))}), "neither StyleGAN2"),
        (lambda: files.dump({"G_ema": wide_module(6)}), "more tensors"),
        (cyclic_pickle, "modules within modules"),
        (lambda: files.dump({"G_ema": module(x=float("nan"))}), "no number"),
        (lambda: files.dump({"G_ema": module(_modules={"a.b": module()})}), "impossible name"),
        (lambda: files.dump({"G_ema": module(_modules={"a": [1]})}), "no module"),
        (lambda: files.dump({"G_ema": module(_parameters={"a": np.zeros(2)})}), "no numbers"),
        (lambda: b"\x80\x02" + b"(" * 1_500_000, "longer than any"),
        (lambda: b"\x80\x02" + b"(" * 400_000 + b"t" * 400_000 + b".", "(tuple)"),
        (lambda: b"\x80\x02]" + b"]" * 300_000 + b"a" * 300_000 + b".", "(list)"),
        (lambda: b"\x80\x02" + b"]q\x00h\x00a" * 1 + b".", "(list)"),
        (lambda: b"\x80\x02}" + b"2" * 1_100_000 + b".", "longer than any"),
        (lambda: b"\x80\x02(" + b"\x8f" * 900_000 + b"l.", "(list)"),
        (lambda: b"\x80\x02]" + b"\x85" * 500_000 + b"}\x86K\x01s.", "damaged"),
        (lambda: files.dump(files.Network(version=4, variables=[], components={})), "TensorFl"),
    ],
)  # fmt: skip
def test_bombs_of_sharing_and_nesting(value: Any, match: str) -> None:
    refuse(value(), match)


def test_networks_within_networks_of_tensorflow() -> None:
    inner = files.Network(version=4, static_kwargs={}, variables=[], components={})
    for _ in range(5):
        inner = files.Network(
            version=4,
            static_kwargs={},
            variables=[],
            components={f"c{i}": inner for i in range(40)},
        )
    refuse(files.dump(inner), "nested")


def test_many_tensors_of_one_storage() -> None:
    top = files.tree(*files.golden(SG2))
    big = torch.zeros(500_000)
    top.meta["state"]["_buffers"] |= {f"b{i}": big for i in range(300)}
    refuse(files.dump({"G_ema": top}), "bytes in a file of")


def archive(entries: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return file.getvalue()


def test_a_zip_bomb() -> None:
    bomb = archive({"a/data.pkl": dump({}), "a/data/0": bytes(50_000_000)}, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 100_000
    refuse(bomb, "compressed")


@pytest.mark.parametrize("size", [0xFFFFFFF0, 200])
def test_a_zip_whose_sizes_lie(size: int) -> None:
    whole = bytearray(archive({"a/data.pkl": dump({})}))
    at = whole.rfind(b"PK\x01\x02")
    struct.pack_into("<II", whole, at + 20, size, size)
    refuse(bytes(whole), "lies outside")


def test_a_zip_whose_files_overlap() -> None:
    whole = bytearray(archive({f"a/data/{i}": b"x" * 1000 for i in range(8)}))
    at, end = whole.find(b"PK\x01\x02"), whole.rfind(b"PK\x05\x06")
    directory = bytes(whole[at:end])
    first = directory.split(b"PK\x01\x02")[1]
    lines = [b"PK\x01\x02" + first.replace(b"a/data/0", f"a/data/{i}".encode()) for i in range(8)]
    tail = bytearray(whole[end:])
    whole = whole[:1200] + b"".join(lines)
    struct.pack_into("<II", tail, 12, len(b"".join(lines)), 1200)
    refuse(bytes(whole + tail), "overlap")


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (lambda: archive({"a/data.pkl": dump(EVIL)}), "names os.system"),
        (lambda: archive({"readme": b"x"}), "is a zip archive, but no network by itself"),
        (
            lambda: archive({"a/data.pkl": b"", "b/data.pkl": b""}),
            "is a zip archive, but no network by itself",
        ),
        (lambda: archive({"a/data.pkl": dump({}), "a/byteorder": b"big"}), "big-endian"),
        (lambda: archive({"a/data.pkl": dump({})})[:-30], "damaged archive"),
        (lambda: b"PK\x03\x04", "damaged archive"),
        (lambda: b"PK" + b"PK\x05\x06" + b"\xff" * 18, "directory makes no sense"),
    ],
)
def test_other_archives(data: Any, match: str) -> None:
    refuse(data(), match)


def test_a_checkpoint_whose_data_are_missing() -> None:
    with zipfile.ZipFile(DATA / "tiny-rosinality-64.pt") as kept:
        entries = {name: kept.read(name) for name in kept.namelist()}
    short = dict(entries)
    short["tiny-rosinality-64/data/0"] = short["tiny-rosinality-64/data/0"][:-4]
    refuse(archive(short), "without its data")
    refuse(archive({k: v for k, v in entries.items() if not k.endswith("/data/3")}), "without its")


def test_weights_that_are_no_numbers(tmp_path: Path) -> None:
    modules, state = files.golden(SG2)
    state["mapping.fc0.bias"] = np.full_like(state["mapping.fc0.bias"], np.nan)
    path = tmp_path / "nan.pkl"
    path.write_bytes(files.dump({"G_ema": files.tree(modules, state)}))
    with pytest.raises(RefusedError, match=r"NaN or infinity, in mapping\.fc0\.bias"):
        catalogue.describe(path)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (SG2, lambda m, s: m[""].update(z_dim=2**40)),
        (SG2, lambda m, s: m[""].update(w_dim=33)),
        (SG2, lambda m, s: m["mapping"].update(num_layers=10**9)),
        (SG2, lambda m, s: m["synthesis"].update(block_resolutions=[4, 8, 2**40])),
        (SG2, lambda m, s: s.pop("synthesis.b8.conv0.weight")),
        (SG2, lambda m, s: s.update({"synthesis.b8.conv1.bias": np.zeros(7, np.float32)})),
        (SG2, lambda m, s: s.update({"synthesis.b8.conv1.noise_const": np.ones((9, 9), "f")})),
        (SG3T, lambda m, s: m["synthesis"].update(layer_names=["L0"])),
        (SG3T, lambda m, s: m["synthesis.L0_36_24"].update(out_size=[2**40, 4])),
        (SG3T, lambda m, s: m["synthesis.L0_36_24"].update(up_factor=10**9)),
        (SG3T, lambda m, s: m["synthesis.L0_36_24"].update(padding=[0, 0, 0, 10**9])),
        (SG3T, lambda m, s: m["synthesis.input"].update(size=2**40)),
    ],
)
def test_attributes_that_lie_about_the_tensors(name: str, change: Any) -> None:
    modules, state = files.golden(name)
    change(modules, state)
    refuse(files.dump({"G_ema": files.tree(modules, state)}), "")


class Generator:
    """Stands for the classes that StyleGAN-T pickles by reference."""

    __module__ = "networks.generator"


def test_other_things_are_called_by_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("networks", "networks.generator"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    sys.modules["networks.generator"].Generator = Generator  # type: ignore[attr-defined]
    refuse(pickle.dumps({"G_ema": Generator()}, 4), "StyleGAN-T")
    refuse(pickle.dumps({"D": "x" * 99_999, "G_ema": Generator()}, 2), "StyleGAN-T")
    diffusion = {"state_dict": {"model.diffusion_model.x": torch.zeros(1)}}
    file = io.BytesIO()
    torch.save(diffusion, file)
    refuse(file.getvalue(), "Stable Diffusion")
    refuse(files.dump({"G_ema": None, "D": None}), "something else")
    refuse(files.dump({"G_ema": module(), "D": None}), "neither StyleGAN2 nor StyleGAN3")
    refuse(b"<!DOCTYPE html><html>", "web page")
    refuse(b"version https://git-lfs.github.com/spec/v1", "Git LFS")
    refuse(b"\x89PNG\r\n", "PNG")
    refuse(b"", "empty")
    refuse(files.dump(3), "(number)")
    refuse(files.dump({"G_ema": argparse.Namespace()}), "argparse.Namespace")
    refuse(b"Dear Sir or Madam,\n" * 9, "is a text")
    refuse(bytes(99), "zeros")
    refuse(b"\0\0\0\x18ftypisom", "a video")
    refuse(archive({"a/data.pkl": b"", "a/constants.pkl": b""}), "TorchScript")
    refuse(archive({"x.npy": b""}), "NumPy arrays")


def native(header: bytes, data: bytes = b"", length: int | None = None) -> bytes:
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def one(dtype: str = "F32", shape: Any = (1,), offsets: Any = (0, 4)) -> bytes:
    entry = {"dtype": dtype, "shape": shape, "data_offsets": offsets}
    return json.dumps({"a": entry}).encode()


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (lambda: native(b"{}", length=2**63), "header of"),
        (lambda: native(b"{" + b" " * (64 << 20)), "header of"),
        (lambda: native(b"{"), "makes no sense|header of"),
        (lambda: native(b'{"a":' * 5000), "makes no sense"),
        (lambda: native(b'{"a":' + b"9" * 9000 + b"}"), "makes no sense"),
        (lambda: native(b'{"a":1}'), "no way we know"),
        (lambda: native(one(shape=[2**40]), bytes(4)), "do not fill"),
        (lambda: native(one(shape=[2**47, 2**47]), bytes(4)), "do not fill"),
        (lambda: native(one(shape=[-1, -1]), bytes(4)), "no way we know"),
        (lambda: native(one(shape=[[1]]), bytes(4)), "no way we know"),
        (lambda: native(one(offsets=[4, 8]), bytes(8)), "gaps"),
        (lambda: native(one(), bytes(3)), "are promised"),
        (lambda: native(one(dtype="F8"), bytes(4)), "no way we know"),
        (lambda: native(one(dtype="BOOL", shape=[4]), bytes(4)), "something else"),
        (lambda: native(b'{"__metadata__":{"latent_cinema":"{}"}}'), "description"),
        (lambda: native(b'{"__metadata__":{"latent_cinema":"[[[["}}'), "description"),
        (lambda: native(b'{"__metadata__":3}'), "makes no sense"),
        (lambda: native(b'{"__metadata__":{"a":3}}'), "makes no sense"),
        (lambda: native(b'{"a":{},"a":{}}'), "makes no sense"),
    ],
)
def test_native_files_that_lie(data: Any, match: str, tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    path.write_bytes(data())
    with pytest.raises(RefusedError, match=match) as caught:
        card.load(path)
    assert "\n" not in str(caught.value)
    assert "x.safetensors" in str(caught.value)


def test_native_attributes_are_held_against_the_tensors(tmp_path: Path) -> None:
    modules, state = files.golden(SG2)
    modules["synthesis"]["block_resolutions"] = [4]
    said = {"family": "stylegan2", "modules": modules | {"": modules[""] | {"w_dim": 2**20}}}
    path = tmp_path / "x.safetensors"
    with path.open("wb") as file:
        safetensors.write(file, state, {card.METADATA: json.dumps(said)})
    with pytest.raises(RefusedError, match="w_dim"):
        card.load(path)


@pytest.mark.parametrize("name", files.NETWORKS)
@given(data=st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_described_lie_is_refused_or_harmless(
    name: str, data: st.DataObject, tmp_path: Path
) -> None:
    modules, state = files.golden(name)
    module = data.draw(st.sampled_from(sorted(modules)))
    key = data.draw(st.sampled_from(sorted(modules[module])))
    lies = st.sampled_from([None, -1, 0, 2**60, 1.5, "", "x", [], [1], {}, [[]], [2**60] * 4, True])
    modules[module][key] = data.draw(lies)
    said = {"family": "stylegan3" if "sg3" in name else "stylegan2", "modules": modules}
    said |= {key: data.draw(lies) for key in ("notes", "kwargs", "sha256")}
    path = tmp_path / "x.safetensors"
    with path.open("wb") as file:
        safetensors.write(file, state, {card.METADATA: json.dumps(said)})
    with contextlib.suppress(RefusedError):
        found = describe.describe(card.load(path))
        assert found["resolution_px"][0] <= 16_384


def test_import_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    for name, data in {
        "call.pkl": dump({"G_ema": EVIL}),
        "storage.pkl": in_storage(stream(dump(EVIL))),
        "cut.pkl": files.snapshot(SG2)[:-200_000],
        "nan.pkl": files.dump({"G_ema": files.tree(*_with_nan())}),
    }.items():
        source, out = tmp_path / name, tmp_path / "out" / "x.safetensors"
        source.write_bytes(data)
        done = CliRunner().invoke(model, ["import", str(source), str(out)])
        assert done.exit_code == 1
        assert done.output.startswith(f"Error: {name} ")
        assert done.output.count("\n") == 1
        assert list((tmp_path / "out").iterdir()) == []


def _with_nan() -> tuple[Any, Any]:
    modules, state = files.golden(SG2)
    last = min(state)  # written last but for the scalars: the file is begun when it is met
    return modules, state | {last: np.full_like(state[last], np.inf)}


def _encoded_again_and_again() -> bytes:
    """One long text from the memo, turned into bytes by protocol 2's detour, and all kept."""
    text = "é".encode() * 2_000_000
    head = b"\x80\x02c_codecs\nencode\nq\x010X" + struct.pack("<I", len(text)) + text
    head += b"q\x020X\x06\x00\x00\x00latin1q\x030"
    return head + b"h\x01h\x02h\x03\x86R" * 20_000 + b"N."


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the address space")
def test_bombs_stay_small_and_short(tmp_path: Path) -> None:
    bombs = {
        "sets": b"\x80\x02(" + b"\x8f" * 990_000 + b"l.",
        "marks": b"\x80\x02" + b"(" * 990_000,
        "tuples": b"\x80\x02(" + b"(" * 490_000 + b"t" * 490_000 + b"t.",
        "laughs": files.dump({"G_ema": module(deep=shared(4, 1000))}),
        "text": b"\x80\x02(" + (b"X\xff\xff\x00\x00" + b"\xc3\xbf" * 32767 + b"a") * 600 + b"l.",
        "stride": tensor(0, (2**40,), (0,)),
        "encoded": _encoded_again_and_again(),
        "zip": archive({"data.pkl": bytes(200_000_000)}, zipfile.ZIP_DEFLATED),
    }
    for name, data in bombs.items():
        (tmp_path / name).write_bytes(data)
    script = (
        "import resource, sys, pathlib\nfrom engine.models.importer import catalogue as models\n"
        "for path in map(pathlib.Path, sys.argv[1:]):\n"
        "    before = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "    try: models.describe(path)\n"
        "    except ValueError as error: said = str(error)\n"
        "    used = resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "    print(used.ru_maxrss, used.ru_utime - before.ru_utime, said, sep='|')"
    )
    # The system keeps the largest of all children: the smallest files come first.
    names = sorted(bombs, key=lambda name: len(bombs[name]))
    done = subprocess.run(
        [sys.executable, "-c", script, *(str(tmp_path / name) for name in names)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    for name, line in zip(names, done.stdout.splitlines(), strict=True):
        used_kib, cpu_s, said = line.split("|")
        size = len(bombs[name])
        assert int(used_kib) * 1024 <= sandbox.memory_limit_bytes(size), name
        assert float(cpu_s) <= sandbox.cpu_limit_s(size) + 1, name
        assert said.startswith(name + " ")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the address space")
def test_the_limits_hold_whatever_the_reader_does() -> None:
    for waste, code in (("x = bytes(2_000_000_000)", 1), ("while True: pass", -24)):
        script = f"from engine.system.limits import bound; bound(300 << 20, 1)\n{waste}"
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        assert done.returncode == code
        assert ("MemoryError" in done.stderr) == (code == 1)


@pytest.mark.parametrize(
    "deed",
    [
        "os.system('true')", "subprocess.run(['true'])", "socket.socket()", "os.execv('a', ['a'])",
        "open('other', 'w')", "os.open('other', os.O_CREAT)", "os.remove('x')",
        "pickle.loads(evil)",
    ],
)  # fmt: skip
def test_the_second_wall(deed: str) -> None:
    script = (
        "import os, pickle, socket, subprocess\n"
        "from engine.models.importer.sandbox_child import forbid\n"
        f"evil = pickle.dumps(os.system)\nforbid('mine')\nopen('mine', 'w').close()\n{deed}"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "PermissionError: a model reader" in done.stderr


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.pkl")
    else:
        (tmp_path / "pipe.pkl").mkdir()
    with pytest.raises(FileNotFoundError, match="is no file"):
        catalogue.describe(tmp_path / "pipe.pkl")
    with pytest.raises(FileNotFoundError, match="is no file"):
        catalogue.playable(tmp_path / "missing.pkl", tmp_path)


def test_an_import_does_not_overwrite_its_source(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    data = files.snapshot(SG2)
    path.write_bytes(data)
    for out in (path, tmp_path / "x.pkl"):
        with pytest.raises(ValueError, match="ends in"):
            catalogue.import_model(path, out)
    assert path.read_bytes() == data
