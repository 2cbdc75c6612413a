"""Reader of any network file to one form, without running any of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.models import check
from engine.models.formats import nvidia, rosinality, state_dict, tensorflow, unused
from engine.models.magic import by_magic
from engine.models.network import Network, check_size
from engine.models.unpickle.allowed import find_for
from engine.models.unpickle.inert import Budget, Node, RefusedError
from engine.models.unpickle.reader import read
from engine.models.unpickle.torch_storage import is_stream, read_stream
from engine.models.unpickle.zip_archive import read_archive, read_entries

STYLEGAN_T = (
    "is a StyleGAN-T network: a text-to-image generator of another design (CLIP text tower, "
    "classes by reference), which this engine does not play"
)
TEXT = "is a text (or a damaged pickle of protocol 0), no StyleGAN network: fetch the file itself"
# Name in the directory of a zip archive → what the archive is.
_ENTRIES = (
    (b"constants.pkl", "a TorchScript program: save the network's own .pkl or .pt instead"),
    (b"model.weights.h5", "a Keras model"),
    (b"[Content_Types].xml", "an office document"),
    (b"META-INF/MANIFEST.MF", "a Java program"),
    (b".npy", "an archive of NumPy arrays"),
)
# Part of a name in a state dictionary → what such a dictionary is.
_KEYS = (
    ("model.diffusion_model.", "a Stable Diffusion checkpoint"),
    ("lora_", "a LoRA for a diffusion model"),
    ("first_stage_model.", "a latent-diffusion autoencoder"),
    ("down_blocks.", "the U-Net of a diffusion model"),
    ("text_model.", "a text encoder"),
    ("transformer.", "a transformer"),
    ("synthesis.", "the half of a generator (no learned start: synthesis.b4.const)"),
    ("decoder.", "an autoencoder (VAE)"),
    ("encoder.", "an encoder"),
    ("discriminator.", "a discriminator"),
)  # fmt: skip
_AGAIN = ": fetch it again"
_STYLEGAN_T_NAMES = ("names networks.generator.", "names networks.discriminator.")


def by_bytes(head: bytes, tail: bytes) -> str | None:
    """Say what a file is by its first and its last bytes; None: it may be a network."""
    if what := by_magic(head):
        return _sentence(what)
    if head.startswith(b"PK"):
        # A checkpoint's own numbers may look like a short name.
        entries = _ENTRIES[:1] if b"data.pkl" in tail else _ENTRIES
        return next((_sentence(what) for name, what in entries if name in tail), None)
    if not head.strip(b"\0"):
        return "is filled with zeros" + _AGAIN if head else "is empty" + _AGAIN
    return None


def _sentence(what: str) -> str:
    name, colon, cure = what.partition(":")
    return f"is {name}, no StyleGAN network{colon}{cure}"


def is_text(head: bytes) -> bool:
    """Whether a file that cannot be read begins like one for people."""
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        if not len(head) - 3 <= error.start > 0:  # the end may cut through a letter
            return False
        text = head[: error.start].decode("utf-8")
    return all(letter.isprintable() or letter.isspace() for letter in text)


def by_names(keys: Iterable[Any]) -> str:
    """Name what a state dictionary belongs to, by the names of its tensors."""
    names = [str(key)[:80] for _, key in zip(range(4096), keys, strict=False)]
    for part, what in _KEYS:
        if any(name.startswith(part) for name in names):
            return what
    return (
        "something else (its keys: " + (", ".join(name[:40] for name in names[:6]) or "none") + ")"
    )


def is_stylegan_t(refusal: str) -> bool:
    """Whether a pickle was refused for what only StyleGAN-T names."""
    return any(name in refusal for name in _STYLEGAN_T_NAMES)


def by_kind(value: object) -> str:
    """Name a value that is no network."""
    kind = type(value).__name__
    return _KINDS.get(kind, kind[:40])


_KINDS = {"Array": "NumPy array", "NoneType": "nothing", "Tensor": "tensor", "Text": "text",
          "dict": "table", "float": "number", "int": "number", "memoryview": "run of bytes",
          "str": "text"}  # fmt: skip


def read_network(data: memoryview) -> Network:
    """Read a pickle of NVIDIA's (PyTorch or TensorFlow), of a fork, or a rosinality checkpoint.

    Raises
    ------
    RefusedError
        If it is something else, damaged, or wants anything to be run.
    """
    network = _convert(_read_value(data))
    check_size(network.state, len(data))
    check.check(network)
    return unused.with_notes(network)


def _read_value(data: memoryview) -> Any:
    head = bytes(data[:512])
    if what := by_bytes(head, bytes(data[-65_536:])):
        raise RefusedError(what)
    budget = Budget()
    find = find_for(budget)
    try:
        if head.startswith(b"PK"):
            return read_archive(read_entries(data), find, budget)
        if is_stream(data):
            return read_stream(data, find, budget)[0]
        return read(data, find, None, budget)[0]
    except RefusedError as error:
        if is_stylegan_t(str(error)):
            raise RefusedError(STYLEGAN_T) from None
        is_unread = "damaged" in str(error) or str(error).startswith("at byte 0 ")
        if is_unread and is_text(head):
            raise RefusedError(TEXT) from None
        raise


def _convert(value: Any) -> Network:
    if tensorflow.is_network(value):
        return tensorflow.convert(value)
    if rosinality.is_checkpoint(value):
        return rosinality.convert(value)
    if nvidia.is_network(value):
        return nvidia.convert(value)
    if isinstance(value, list | tuple) and any(map(nvidia.is_network, value)):
        return nvidia.convert(value)
    if state_dict.is_state_dict(value):
        return state_dict.convert(value)
    if isinstance(value, dict):
        if any(nvidia.is_network(part) for part in value.values()):
            return nvidia.convert(value)
        for part in (value.get("G_ema"), value.get("G")):
            if isinstance(part, Node):
                raise RefusedError(f"holds a {part.name[:120]}, which is no StyleGAN2 or StyleGAN3")
        inner = [part for part in value.values() if isinstance(part, dict) and part]
        raise RefusedError(f"is {by_names(value if not inner else inner[0])}, no StyleGAN")
    raise RefusedError(f"holds no StyleGAN network ({by_kind(value)})")
