"""The search index of a training set: features, credits and small copies of its pictures.

One safetensors file beside the network, ``NAME.archive.safetensors``. What is found with it is the
nearest picture, not the cause of anything.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.generators.archive import features as image_features
from engine.generators.archive.features import Bytes, FeatureExtractor, Floats
from engine.models import safetensors
from engine.models.network import check_finite
from engine.models.unpickle.inert import RefusedError

METADATA = "latent_cinema_archive"
VERSION = 1
SUFFIX = ".archive.safetensors"
LABEL = "nearest, not cause"
MOST_PICTURES = 200_000
MOST_THUMB_PX = 512
MOST_TEXT = 300  # characters of a title, a credit, a licence
_MOST_THUMB_BYTES = 1 << 18
_MOST_TEXT_BYTES = 64 << 20
_MOST_FILE_BYTES = 1 << 30
_MOST_CHANNELS, _MOST_FEATURES = 2048, 512


@dataclass(frozen=True, slots=True)
class Entry:
    """One picture of an archive: its file's name, its title, its maker, and its licence."""

    name: str
    title: str
    credit: str
    licence: str


@dataclass(frozen=True, slots=True)
class Index:
    """Pictures of an archive.

    Parameters
    ----------
    side, last
        Side of the pictures that the eye looks at, and of its features at the end.
    turns
        Ways in which the training turned its pictures, see `image_features.turned`.
    archive
        How many pictures the training had; the index may hold fewer.
    extractor
        Weights of `image_features.make_extractor`, by name.
    features
        What each picture looks like [shape=(N, K)], int8; only the direction counts.
    entries
        Whose each picture is; N of them.
    thumbs, ends
        Small copies, one WebP file after the other, and where each ends [shape=(N,)];
        one that is empty may not be shown.
    """

    side: int
    last: int
    turns: tuple[int, ...]
    archive: int
    extractor: Mapping[str, NDArray[Any]]
    features: NDArray[np.int8]
    entries: Sequence[Entry]
    thumbs: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    ends: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def thumb(self, place: int) -> Bytes | None:
        """Return the small copy of a picture [shape=(H, W, 3)]; None: it may not be shown.

        Raises
        ------
        RefusedError
            If it is damaged, or larger than a small copy.
        """
        begin, end = (0 if not place else int(self.ends[place - 1])), int(self.ends[place])
        if begin == end:
            return None
        data = self.thumbs[begin:end].tobytes()
        try:
            _check_thumb(data)
            with Image.open(io.BytesIO(data), formats=["WEBP"]) as opened:
                return np.asarray(opened.convert("RGB"))
        except (OSError, ValueError, SyntaxError) as error:
            raise RefusedError(
                f"picture {place} of the archive cannot be shown ({error}): make the index again"
            ) from None


def _check_thumb(data: bytes) -> None:
    """See to it that a small copy is small, before a decoder makes room for it.

    It is lossy and still: RFC 9649, section 2.5; RFC 6386, section 9.1.
    """
    if data[8:16] != b"WEBPVP8 " or data[23:26] != b"\x9d\x01\x2a" or len(data) < 30:
        raise ValueError("it is no picture of our form")
    width, height = (int.from_bytes(data[n : n + 2], "little") & 0x3FFF for n in (26, 28))
    if not 1 <= min(width, height) <= max(width, height) <= MOST_THUMB_PX:
        raise ValueError(f"it has {width}×{height} pixels, which is no small copy")


@dataclass(frozen=True, slots=True)
class Match:
    """A picture that was found.

    Parameters
    ----------
    place
        In the index.
    similarity
        1: it looks the same; 0: it has nothing in common.
    turn
        The picture asked about had to be turned so, see `image_features.turned`.
    """

    place: int
    similarity: float
    turn: int


def path_beside(model: Path) -> Path:
    """Where the index of a model's training lies."""
    return model.with_name(model.name.removesuffix(safetensors.SUFFIX) + SUFFIX)


def plain(text: object) -> str:
    """Take out of a text what is no letter, number or sign of a line, and what is too long."""
    found = "".join(letter for letter in str(text)[: 4 * MOST_TEXT] if letter.isprintable())
    return found if len(found) <= MOST_TEXT else found[: MOST_TEXT - 1] + "…"


def unit(features: NDArray[np.int8]) -> Floats:
    """Make unit vectors [shape=(N, K)] of stored ones."""
    rows = features.astype(np.float32)
    found: Floats = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
    return found


def find(
    index: Index, extractor: FeatureExtractor, units: Floats, picture: Bytes, count: int
) -> list[Match]:
    """Find the pictures of an archive that look most like one, the nearest first.

    Parameters
    ----------
    index, extractor
        What there is, and what looks.
    units
        `unit` of the index' features.
    picture
        sRGB [shape=(H, W, 3)] of any size; its middle square is looked at.
    count
        How many at most.
    """
    seen = image_features.square(picture, extractor.side)
    ways = np.stack([image_features.turned(seen, turn) for turn in index.turns])
    near = units @ image_features.describe(extractor, ways).T  # (N, turns)
    best = near.argmax(1)
    values = near.max(1)
    order = np.argsort(-values, kind="stable")[:count]
    return [Match(int(n), float(values[n]), index.turns[best[n]]) for n in order]


def write(file: BinaryIO, index: Index) -> None:
    """Write an index.

    Raises
    ------
    RefusedError
        If it holds what is no number.
    """
    credit_of = list(dict.fromkeys((e.credit, e.licence) for e in index.entries))
    places = {pair: n for n, pair in enumerate(credit_of)}
    texts = {
        "credits": [list(map(plain, pair)) for pair in credit_of],
        "pictures": [
            [plain(e.name), plain(e.title), places[e.credit, e.licence]] for e in index.entries
        ],
    }
    told = json.dumps(texts, ensure_ascii=False, separators=(",", ":")).encode()
    tensors = {
        **{f"eye.{name}": weights for name, weights in index.extractor.items()},
        "features": index.features,
        "texts": np.frombuffer(told, np.uint8),
        "thumbs": index.thumbs,
        "ends": index.ends,
    }
    about = {
        "version": VERSION,
        "side": index.side,
        "last": index.last,
        "turns": list(index.turns),
        "archive": index.archive,
        "what": LABEL,
    }
    safetensors.write(file, tensors, {METADATA: json.dumps(about)}, half=True)


def load(path: Path) -> Index:
    """Load an index; every number of it is held against what it should be.

    Raises
    ------
    RefusedError
        If it is none, damaged, or larger than one of ours.
    OSError
        If it cannot be read.
    """
    try:
        if path.stat().st_size > _MOST_FILE_BYTES:
            raise RefusedError("is larger than any index of ours: do not use this file")
        data = safetensors.map_file(path)
        table, metadata, at = safetensors.read_header(data)
        if METADATA not in metadata:
            raise RefusedError("is no index of an archive: make one with 'archive index MODEL'")
        tensors = {name: safetensors.tensor_of(data[at:], e) for name, e in table.items()}
        return _read(json.loads(metadata[METADATA]), tensors)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        why = str(error) if isinstance(error, RefusedError) else "is a damaged index: make it again"
        raise RefusedError(f"{path.name} {why}") from None


def _read(about: Any, tensors: dict[str, NDArray[Any]]) -> Index:
    if about["version"] != VERSION:
        raise RefusedError("is an index of another version: make it again with 'archive index'")
    side, last, archive = (_whole(about[name]) for name in ("side", "last", "archive"))
    turns = tuple(map(_whole, about["turns"]))
    _see_to(side in (16, 32, 64, 128, 256, 512, 1024) and last in (4, 8, 16, 32) and last < side)
    _see_to(turns[:1] == (0,) and len(turns) <= 8 and all(turn < 8 for turn in turns))
    extractor = {name[4:]: x for name, x in tensors.items() if name.startswith("eye.")}
    features, thumbs, ends = (tensors[name] for name in ("features", "thumbs", "ends"))
    width = _check_extractor(extractor, image_features.parts(side, last))
    _see_to(features.ndim == 2 and features.dtype == np.int8 and features.shape[1] == width)
    count = len(features)
    _see_to(1 <= count <= min(MOST_PICTURES, archive))
    _see_to(ends.dtype == np.int64 and ends.shape == (count,) and thumbs.dtype == np.uint8)
    lengths = np.diff(ends, prepend=0)
    _see_to(thumbs.ndim == 1 and int(ends[-1]) == thumbs.size)
    _see_to(int(lengths.min()) >= 0 and int(lengths.max()) <= _MOST_THUMB_BYTES)
    entries = _read_texts(tensors["texts"], count)
    return Index(side, last, turns, archive, extractor, features, entries, thumbs, ends)


def _check_extractor(extractor: Mapping[str, NDArray[Any]], names: list[str]) -> int:
    """See to it that the weights fit each other; return the count of features."""
    for name, weights in extractor.items():
        _see_to(weights.dtype in (np.float16, np.float32) and max(weights.shape, default=0) < 2**16)
        check_finite(name, weights)
    channels = 3
    for name in names:
        weight, bias = extractor[f"{name}.weight"], extractor[f"{name}.bias"]
        size = {"look": 4, "skip": 1}.get(name.rpartition(".")[2], 3)
        # Past the two convolutions of a block there is one that takes what the first takes.
        inputs = (
            extractor[name.replace("skip", "a") + ".weight"].shape[1] if size == 1 else channels
        )
        _see_to(weight.shape[1:] == (inputs, size, size) and bias.shape == weight.shape[:1])
        _see_to(size != 1 or len(weight) == channels)
        channels = len(weight)
        _see_to(1 <= channels <= _MOST_CHANNELS)
    basis, floats = extractor["basis"], channels * image_features.GRID**2
    _see_to(extractor["centre"].shape == (floats,) and basis.shape[1:] == (floats,))
    _see_to(1 <= len(basis) <= _MOST_FEATURES)
    return len(basis)


def _read_texts(raw: NDArray[Any], count: int) -> list[Entry]:
    _see_to(raw.dtype == np.uint8 and raw.size <= _MOST_TEXT_BYTES)
    texts = json.loads(raw.tobytes().decode())
    pairs = [(plain(credit), plain(licence)) for credit, licence in texts["credits"]]
    found = []
    for name, title, place in texts["pictures"]:
        _see_to(0 <= _whole(place) < len(pairs))
        found.append(Entry(plain(name), plain(title), *pairs[place]))
    _see_to(len(found) == count)
    return found


def _whole(value: Any) -> int:
    _see_to(type(value) is int and 0 <= value < 2**31)
    return int(value)


def _see_to(is_sound: bool) -> None:
    if not is_sound:
        raise RefusedError("is an index that does not fit together: make it again")
