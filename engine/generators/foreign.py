"""What a file is, when it is no network that we read: so that the refusal can say it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

STYLEGAN_T = (
    "is a StyleGAN-T network: a text-to-image generator of another design (CLIP text tower, "
    "classes by reference), which this engine does not play"
)
_MAGICS = (
    (b"\x89HDF", "an HDF5 file (Keras?)"),
    (b"GGUF", "a GGUF language model"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x1f\x8b", "a gzip archive: unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive: unpack it first"),
    (b"Rar!", "a RAR archive: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive: unpack it first"),
    (b"<!DO", "a web page: the download went wrong, fetch the file itself"),
    (b"<htm", "a web page: the download went wrong, fetch the file itself"),
    (b"version https://git-lfs", "a Git LFS pointer: fetch the file itself (git lfs pull)"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"RIFF", "a sound or video"),
)
# Part of a name in a state dictionary → what such a dictionary is.
_KEYS = (
    ("model.diffusion_model.", "a Stable Diffusion checkpoint"),
    ("lora_", "a LoRA for a diffusion model"),
    ("first_stage_model.", "a latent-diffusion autoencoder"),
    ("text_model.", "a text encoder"),
    ("transformer.", "a transformer"),
    ("synthesis.", "a StyleGAN state dictionary without the attributes it needs: "
                   "give the whole pickle"),
    ("encoder.", "an encoder"),
    ("discriminator.", "a discriminator"),
)  # fmt: skip
_STYLEGAN_T_NAMES = (b"networks.generator", b"networks\ngenerator", b"networks.discriminator")
_SEARCHED_BYTES = 1 << 30


def by_magic(head: bytes) -> str | None:
    """Name a file by its first bytes; None: it may be a network."""
    for magic, name in _MAGICS:
        if head.startswith(magic):
            return name
    return None


def by_names(keys: Iterable[Any]) -> str:
    """Name what a state dictionary belongs to, by the names of its tensors."""
    names = [str(key)[:80] for _, key in zip(range(4096), keys, strict=False)]
    for part, what in _KEYS:
        if any(name.startswith(part) for name in names):
            return what
    return (
        "something else (its keys: " + (", ".join(name[:40] for name in names[:6]) or "none") + ")"
    )


def is_stylegan_t(data: memoryview) -> bool:
    """Whether a pickle speaks of StyleGAN-T's modules."""
    text = bytes(data[: min(len(data), 1 << 16)])
    return any(name in text for name in _STYLEGAN_T_NAMES)
