"""File types by their first bytes, for refusals."""

from __future__ import annotations

# First bytes → what such a file is, and after a colon what to do about it.
_MAGICS = (
    (b"\x89HDF", "an HDF5 file (Keras?)"),
    (b"GGUF", "a GGUF language model"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive: unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive: unpack it first"),
    (b"Rar!", "a RAR archive: unpack it first"),
    (b"BZh", "a bzip2 archive: unpack it first"),
    (b"\xfd7zXZ", "an xz archive: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive: unpack it first"),
    (b"version https://git-lfs", "a Git LFS pointer: fetch the file itself (git lfs pull)"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"RIFF", "a sound, video or WebP picture"),
    (b"OggS", "a sound or video"),
    (b"\x1aE\xdf\xa3", "a Matroska video"),
)
_LATER = ((4, b"ftyp", "a video"), (4, b"TFL3", "a TensorFlow Lite model"),
          (257, b"ustar", "a tar archive: unpack it, or save it again with a newer torch"),
          (2, b"\x12\x07pytorch", "an ONNX model"))  # fmt: skip
_PAGE = (b"<!doctype", b"<html")


def by_magic(head: bytes) -> str:
    """Name the kind of a file, and after a colon what to do about it; empty: none that is known."""
    for at, magic, what in (*((0, *pair) for pair in _MAGICS), *_LATER):
        if head.startswith(magic, at):
            return what
    if head.lstrip().lower().startswith(_PAGE):
        return "a web page: the download went wrong, fetch the file itself"
    return ""


def kind_of(head: bytes) -> str:
    """Name the kind of a file; empty: none that is known."""
    return by_magic(head).partition(":")[0]
