"""A file of latents means the same everywhere, whoever saved it; nothing of it is run."""

from __future__ import annotations

import io
import os
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from engine.models.latent_file import Space, fit, read, read_arrays

Z, W, W_PLUS = Space("z", (24,)), Space("w", (32,)), Space("w+", (10, 32))
ALL = (Z, W, W_PLUS)
ROWS = np.random.RandomState(0).randn(3, 10, 32).astype(np.float32)


def npy(array: Any) -> bytes:
    out = io.BytesIO()
    np.save(out, np.asarray(array), allow_pickle=True)
    return out.getvalue()


def npz(**arrays: Any) -> bytes:
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def saved(value: Any, new: bool = True) -> bytes:
    out = io.BytesIO()
    torch.save(value, out, _use_new_zipfile_serialization=new)
    return out.getvalue()


PROJECTED = {f"{n}.png": {"latent": torch.from_numpy(row), "noise": []}
             for n, row in enumerate(ROWS)}  # fmt: skip
SAME: dict[str, Callable[[], bytes]] = {
    "npy": lambda: npy(ROWS),
    "double": lambda: npy(ROWS.astype(">f8")),
    "our own": lambda: npz(w=ROWS, psnr_db=np.ones(3), files=np.array(["a", "b", "c"])),
    "projected_w": lambda: npz(w=ROWS),
    "dlatents of the TensorFlow projector": lambda: npz(dlatents=ROWS),
    "e4e and pSp": lambda: saved(torch.from_numpy(ROWS)),
    "an old torch": lambda: saved(torch.from_numpy(ROWS), new=False),
    "a list": lambda: saved([torch.from_numpy(row) for row in ROWS]),
    "a table": lambda: saved({"latents": torch.from_numpy(ROWS)}),
    "rosinality's projector": lambda: saved(PROJECTED),
    "a pickle": lambda: pickle.dumps({"w": ROWS}),
}


@pytest.mark.parametrize("what", SAME)
def test_whoever_saved_them_they_are_the_same(what: str) -> None:
    found = fit(read(SAME[what](), "x"), ALL, "x", "this network")
    assert np.array_equal(found.rows, ROWS.astype(np.float64))
    assert (found.space, found.note) == (W_PLUS, "")


@pytest.mark.parametrize(
    ("shape", "spaces", "space", "count", "note"),
    [
        ((32,), ALL, W, 1, ""),
        ((3, 32), ALL, W, 3, ""),
        ((3, 1, 32), ALL, W, 3, ""),
        ((3, 1, 32), (W_PLUS,), W_PLUS, 3, ""),
        ((3, 32), (W_PLUS,), W_PLUS, 3, ""),
        ((3, 10, 32), ALL, W_PLUS, 3, ""),
        ((10, 32), ALL, W_PLUS, 1, "(10, 32) is taken for one latent of 10 layers; 10 latents are "
         "saved as (10, 1, 32)"),
        ((10, 32), (W_PLUS,), W_PLUS, 1, "one latent of 10 layers"),
        ((10, 32), (W,), W, 10, ""),
        ((10, 1, 32), ALL, W, 10, ""),
        ((10, 24), ALL, Z, 10, ""),
        ((3, 1, 24), ALL, Z, 3, ""),
        ((3, 32), (Space("z", (32,)), W), Space("z", (32,)), 3, "is taken for z; numpy.savez(FILE, "
         "w=...) says that it is w"),
        ((3, 32), (W, Space("z", (32,))), W, 3, "is taken for w"),
        ((3, 1, 32), (Space("z", (32,)), W), W, 3, "is taken for w"),
    ],
)  # fmt: skip
def test_a_shape_is_told_and_where_it_could_be_two_it_is_said(
    shape: tuple[int, ...], spaces: tuple[Space, ...], space: Space, count: int, note: str
) -> None:
    array = np.random.RandomState(1).randn(*shape)
    found = fit(read(npy(array), "x.npy"), spaces, "x.npy", "this network")
    assert found.space == space
    assert found.rows.shape == (count, *space.shape)
    assert found.rows.reshape(count, -1, space.shape[-1])[0, 0] == pytest.approx(
        array.reshape(-1, shape[-1])[0]
    )
    assert note in found.note
    assert bool(note) == bool(found.note)


def test_what_a_file_says_of_itself_counts() -> None:
    both = (Space("z", (32,)), W)
    for key in ("z", "w"):
        found = fit(read(npz(**{key: ROWS[0]}), "x"), both, "x", "this network")
        assert (found.space.name, found.note) == (key, "")


class Runs:
    def __reduce__(self) -> Any:
        return os.system, ("echo it was run",)


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "objects": (lambda: npy([{"a": 1}]), "holds objects of Python, which are never run"),
    "a trap": (lambda: pickle.dumps(Runs()), "is no file of latents"),
    "a trap in a zip": (lambda: saved({"w": torch.ones(1, 32), "x": Runs()}), "no file of latents"),
    "a picture": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(64), "is a PNG picture, no file of latents"),
    "SeFa": (lambda: saved({"ckpt": "x", "eigvec": torch.eye(32)}), "holds directions, no latents"),
    "GANSpace": (lambda: npz(lat_comp=ROWS, lat_mean=ROWS), "directions MODEL --import"),
    "two arrays": (lambda: npz(a=ROWS, b=ROWS), "it holds a, b, and an array 'w', 'z' or"),
    "another size": (lambda: npy(ROWS[..., :9]), "takes w (N, 32) or w+ (N, 10, 32) or z (N, 24)"),
    "not a number": (lambda: npy(ROWS * np.nan), "what is no latent (NaN, or beyond 1000)"),
    "layers that differ": (lambda: npz(w=ROWS[:, :4]), "w (N, 32) or w+ (N, 10, 32)"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_latent_is_refused_in_one_sentence(
    what: str, capfd: pytest.CaptureFixture[str]
) -> None:
    make, words = REFUSED[what]
    data = make()
    with pytest.raises(ValueError, match=r"x\.npy") as error:
        fit(read(data, "x.npy"), ALL, "x.npy", "this network")
    assert words in str(error.value)
    assert "\n" not in str(error.value)
    assert "run" not in capfd.readouterr().out


def test_a_pickle_that_never_ends_is_stopped() -> None:
    data = b"\x80\x04" + b"]0" * 200_000 + b"N."
    with pytest.raises(ValueError, match="longer than any network"):
        read_arrays(data, "x.pt")
