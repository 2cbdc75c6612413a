"""Arrays of files that nobody vouches for: what is there is read, what is promised is not."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from engine.system import npy


def bytes_of(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def packed(members: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", kind) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["<f4", ">f8", "u1", "<i2", "?", "<U3"])
def test_arrays_come_back_as_they_were(kind: str, tmp_path: Path) -> None:
    array = np.arange(6).reshape(2, 3).astype(kind)
    for data in (bytes_of(array), bytes_of(np.asfortranarray(array))):
        found = npy.read(data)["arr_0"]
        assert found.dtype == array.dtype
        assert (found == array).all()
    npy.write(tmp_path / "a.npz", {"file": array, "b": array[:1]})
    found_all = npy.load(tmp_path / "a.npz")
    assert list(found_all) == ["file", "b"]
    assert (found_all["b"] == array[:1]).all()
    (tmp_path / "a.npy").write_bytes(bytes_of(array))
    assert (npy.load(tmp_path / "a.npy")["arr_0"] == array).all()


def test_nothing_is_run_and_no_promise_is_believed(tmp_path: Path) -> None:
    whole = bytes_of(np.zeros(1000, "<f4"))
    huge = whole.replace(b"(1000,)", b"(10**12,)"[:7])
    objects = io.BytesIO()
    np.save(objects, np.array([{}], object), allow_pickle=True)
    for data in (b"", b"no file", whole[:-1], whole[:9], huge[:-8], objects.getvalue()):
        assert npy.read(data) == {}
        (tmp_path / "a.npy").write_bytes(data)
        assert npy.load(tmp_path / "a.npy") == {}
    mixed = packed({"good.npy": whole, "bad.npy": whole[:-1], "other.txt": b"?"})
    assert list(npy.read(mixed)) == ["good"]


def test_an_archive_that_unpacks_to_too_much_is_none() -> None:
    bomb = packed({"a.npy": bytes_of(np.zeros(1 << 20, "u1"))})
    assert len(bomb) < 4000
    assert npy.read(bomb, most_bytes=1 << 19) == {}
    assert list(npy.read(bomb)) == ["a"]
