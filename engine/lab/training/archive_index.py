"""The index of a training's pictures, made with the discriminator that the training has taught.

See `engine.generators.archive.index` for what it is, and `engine.generators.archive.features` for
how it looks.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from engine.generators.archive import features as image_features
from engine.generators.archive import index as indexes
from engine.generators.archive.features import Bytes, FeatureExtractor, Floats
from engine.generators.archive.index import Entry, Index
from engine.generators.archive.licence import allows_copies
from engine.lab.data.folder import Credit, Report
from engine.lab.data.ready import Ready, read
from engine.lab.data.sampler import Sampler
from engine.lab.gan.shape import Shape, Stage, stage_at
from engine.lab.training import checkpoint
from engine.system.atomic import open_new

LAST = 16  # side of the features at the end: finer ones tell places, coarser ones kinds
FEATURES = 64
_FITTED = 2000  # pictures that the directions are found with
_BATCH = 32
_CANDIDATES = 4  # of them one is chosen, where not all are wanted
_QUALITY = 65  # of a small copy


@dataclass(frozen=True, slots=True)
class IndexOptions:
    """What an index is to be.

    Parameters
    ----------
    pictures
        How many at most; 0: all that were shown. Fewer are chosen so that they lie far apart.
    thumb_px
        Side of a small copy; 0: none.
    quality
        Of a small copy, 1 to 100.
    """

    pictures: int = 0
    thumb_px: int = 96
    quality: int = _QUALITY


def write_index(
    folder: Path,
    out: Path,
    options: IndexOptions | None = None,
    notify: Callable[[str], None] = lambda _: None,
) -> Index:
    """Write the index of a training, and return it.

    Parameters
    ----------
    folder
        Of the training, ``OUT.train``: its state and its pictures made ready.
    out
        The index to write, see `engine.generators.archive.index.path_beside`.

    Raises
    ------
    ValueError
        If something of the training is missing or damaged.
    OSError
        If a file cannot be read or written.
    """
    options = options or IndexOptions()
    tensors, numbers = checkpoint.read_state(folder / "state.safetensors")
    index = make(tensors, numbers, ready(folder / "ready"), options, notify)
    with open_new(out) as file:
        indexes.write(file, index)
    return index


def ready(cache: Path) -> Ready[Report]:
    """Find the pictures that a training has made ready; their folder may be gone.

    Raises
    ------
    ValueError
        If they are not whole.
    OSError
        If they are not there.
    """
    try:
        return read(cache / "pictures", Report, 3)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(
            f"{cache}: these pictures are not whole ({error}); 'latent-cinema train … --resume' "
            "makes them ready again"
        ) from None


def make(
    tensors: Mapping[str, NDArray[Any]], numbers: Mapping[str, Any], prepared: Ready[Report],
    options: IndexOptions, notify: Callable[[str], None] = lambda _: None,
) -> Index:  # fmt: skip
    """Make the index of a training from its state, see `keeping.read_state`.

    Raises
    ------
    ValueError
        If the state is damaged.
    """
    try:
        record = numbers["start"]
        shape = _shape(record["shape"])
        settings = record["settings"]
        side = _side(
            stage_at(
                shape, int(numbers["step"]) * int(settings["batch"]), int(settings["pictures"]),
                grows=bool(settings["grows"]),
            )
        )  # fmt: skip
        last = min(LAST, side // 2)
        weights = _weights(tensors, side, last)
        mirrors, quarters = map(bool, record["turned"])
        seed = int(settings["seed"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"this state of a training is damaged ({error!r})") from None
    shown = Sampler(prepared.pictures, prepared.names, seed).shown
    pictures = prepared.pictures
    fitted = (pictures[place] for place in shown[_spread(len(shown), _FITTED)])
    weights |= _fitted(side, last, weights, fitted)
    extractor = image_features.make_extractor(side, last, weights)
    places = shown
    if 0 < options.pictures < len(shown):
        places = shown[_spread(len(shown), _CANDIDATES * options.pictures)]
    features = _described(extractor, pictures, places, notify)
    if 0 < options.pictures < len(places):
        chosen = np.sort(far_apart(features, options.pictures))
        places, features = places[chosen], features[chosen]
    entries = [_entry(prepared, int(place)) for place in places]
    thumbs = [
        _thumb(pictures[place], options) if allows_copies(entry.licence, entry.credit) else b""
        for place, entry in zip(places, entries, strict=True)
    ]
    return Index(
        side, last, tuple(image_features.turns(mirrors=mirrors, quarters=quarters)), len(shown),
        weights, _rounded(features), entries, np.frombuffer(b"".join(thumbs), np.uint8),
        np.cumsum([len(thumb) for thumb in thumbs], dtype=np.int64),
    )  # fmt: skip


def _shape(fields: Mapping[str, Any]) -> Shape:
    listed: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
    return Shape(**listed)


def _side(stage: Stage) -> int:
    """Side of the pictures that the discriminator knows best now."""
    return stage.side if stage.fade >= 0.5 else stage.side // 2


def _weights(
    tensors: Mapping[str, NDArray[Any]], side: int, last: int
) -> dict[str, NDArray[np.float32]]:
    """Take the first blocks out of a state, their gains multiplied in, rounded as they are stored.

    Raises
    ------
    KeyError
        If one is missing.
    """
    found = {}
    for name in image_features.parts(side, last):
        place = f"looks.b{side}" if name == "look" else f"blocks.{name}"
        weight = np.asarray(tensors[f"discriminator.{place}.weight"], np.float32)
        found[f"{name}.weight"] = _half(weight / math.sqrt(math.prod(weight.shape[1:])))
        found[f"{name}.bias"] = _half(tensors[f"discriminator.{place}.bias"])
    return found


def _half(values: NDArray[Any]) -> NDArray[np.float32]:
    return np.asarray(values, np.float16).astype(np.float32)


def _fitted(
    side: int, last: int, weights: Mapping[str, NDArray[np.float32]], pictures: Iterator[Bytes]
) -> dict[str, NDArray[np.float32]]:
    """Find what the features are measured along."""
    blank = np.zeros((1, 1), np.float32)
    extractor = image_features.make_extractor(
        side, last, {**weights, "centre": blank, "basis": blank}
    )
    with torch.inference_mode():
        seen = [
            image_features.average(extractor, batch).numpy()
            for batch in image_features.in_batches(
                (image_features.square(p, side) for p in pictures), _BATCH
            )
        ]
    centre, basis = image_features.fit(np.concatenate(seen), FEATURES)
    # Only directions count: at this scale none is too small for half precision.
    return {"centre": _half(centre), "basis": _half(basis / np.abs(basis).max())}


def _spread(count: int, most: int) -> NDArray[np.int64]:
    """Places of at most `most` of `count` pictures, at even distances."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))


def _described(
    extractor: FeatureExtractor,
    pictures: Bytes,
    places: NDArray[np.int64],
    notify: Callable[[str], None],
) -> Floats:
    found: list[Floats] = []
    looked = (image_features.square(pictures[place], extractor.side) for place in places)
    for batch in image_features.in_batches(looked, _BATCH):
        found.append(image_features.describe(extractor, batch))
        if len(found) % 32 == 0:
            notify(f"{len(found) * _BATCH} of {len(places)} pictures looked at")
    return np.concatenate(found)


def far_apart(features: Floats, count: int) -> NDArray[np.int64]:
    """Choose unit vectors [shape=(N, K)] that lie far apart; return their places, in that order.

    Each is the one that is farthest from all before it: T. F. Gonzalez, "Clustering to minimize
    the maximum intercluster distance" (1985). The first is the most ordinary one.
    """
    chosen = [int((features @ features.mean(0)).argmax())]
    near = features @ features[chosen[0]]
    while len(chosen) < min(count, len(features)):
        chosen.append(int(near.argmin()))
        near = np.maximum(near, features @ features[chosen[-1]])
        near[chosen] = np.inf
    return np.array(chosen, np.int64)


def _rounded(features: Floats) -> NDArray[np.int8]:
    most = np.abs(features).max(1, keepdims=True)
    rounded: NDArray[np.int8] = (features * (127 / np.maximum(most, 1e-9))).round().astype(np.int8)
    return rounded


def _entry(prepared: Ready[Report], place: int) -> Entry:
    name = prepared.names[place]
    credit = prepared.report.credit.get(name, Credit())
    return Entry(name, credit.title, credit.credit, credit.licence)


def _thumb(picture: Bytes, options: IndexOptions) -> bytes:
    side = min(options.thumb_px, len(picture), indexes.MOST_THUMB_PX)
    if not side:
        return b""
    small = Image.fromarray(picture).resize((side, side), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    small.save(file, "WEBP", quality=options.quality, method=4)
    return file.getvalue()
