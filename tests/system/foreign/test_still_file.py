"""Pictures as they are meant: turned, transparent, of other colours, made small, or refused."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from engine.system.foreign import still_file

LARGE = (5000, 5000)


def written(picture: Image.Image, kind: str, **more: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **more)
    return file.getvalue()


def halves() -> Image.Image:
    pixels = np.zeros((30, 60, 3), np.uint8)
    pixels[:, :30, 0] = pixels[:, 30:, 2] = 255
    return Image.fromarray(pixels)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "BMP"])
def test_pictures_of_every_kind_are_read(kind: str) -> None:
    data = written(halves(), kind)
    assert still_file.look(data) == (60, 30, ())
    pixels, note = still_file.read(data, LARGE)
    assert pixels.shape == (30, 60, 4)
    assert note == ()
    np.testing.assert_allclose(pixels[5, 5].astype(int), (255, 0, 0, 255), atol=6)


def test_a_camera_s_turn_is_followed() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # its top is at the right
    data = written(halves(), "PNG", exif=exif)
    assert still_file.look(data) == (30, 60, ())
    pixels, _ = still_file.read(data, LARGE)
    assert tuple(pixels[5, 5]) == (255, 0, 0, 255)
    assert tuple(pixels[55, 5]) == (0, 0, 255, 255)


def test_transparency_is_straight_and_lends_no_colour_when_it_is_made_small() -> None:
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[...] = (0, 255, 0, 0)  # green, unseen
    pixels[:, ::2] = (200, 10, 10, 255)
    data = written(Image.fromarray(pixels), "PNG")
    whole, _ = still_file.read(data, LARGE)
    np.testing.assert_array_equal(whole, pixels)
    small, _ = still_file.read(data, (16, 16))
    assert small.shape == (16, 16, 4)
    np.testing.assert_allclose(small[8, 8].astype(int), (200, 10, 10, 128), atol=3)


def test_fine_lines_are_as_bright_from_afar() -> None:
    """Half of them white is half of the light, which is 188 in sRGB."""
    lines = np.zeros((64, 64, 3), np.uint8)
    lines[:, ::2] = 255
    small, _ = still_file.read(written(Image.fromarray(lines), "PNG"), (16, 16))
    np.testing.assert_allclose(small[8, 8].astype(int), (188, 188, 188, 255), atol=3)


def test_sixteen_bits_of_grey_and_palettes() -> None:
    grey = Image.fromarray(np.full((8, 8), 32768, np.uint16))
    assert tuple(still_file.read(written(grey, "PNG"), LARGE)[0][0, 0]) == (128, 128, 128, 255)
    palette = halves().convert("P")
    pixels, _ = still_file.read(
        written(palette, "PNG", transparency=palette.getpixel((0, 0))), LARGE
    )
    assert pixels[0, 0, 3] == 0
    assert tuple(pixels[0, 50]) == (0, 0, 255, 255)


def test_a_colour_profile_is_followed_or_it_is_said() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    same, note = still_file.read(written(halves(), "PNG", icc_profile=srgb), LARGE)
    assert note == ()
    np.testing.assert_allclose(same[0, 0].astype(int), (255, 0, 0, 255), atol=1)
    for profile in (lab, b"nonsense"):
        pixels, note = still_file.read(written(halves(), "PNG", icc_profile=profile), LARGE)
        assert "colour profile cannot be followed" in note[0]
        assert still_file.look(written(halves(), "PNG", icc_profile=profile)).notes == note
        assert tuple(pixels[0, 0]) == (255, 0, 0, 255)


def linear_grey() -> bytes:
    """A profile of grey whose numbers are light itself (ICC.1:2010: header, wtpt, kTRC)."""
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    curve = b"curv" + bytes(8)
    table = struct.pack(">I4sII4sII", 2, b"wtpt", 156, len(white), b"kTRC", 176, len(curve))
    body = table + white + curve
    head = struct.pack(">I4sI4s4s4s12x4s", 128 + len(body), b"", 0x2100000, b"mntr", b"GRAY",
                       b"XYZ ", b"acsp")  # fmt: skip
    return head.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061).ljust(60, b"\0") + body


@pytest.mark.parametrize("mode", ["L", "LA", "I;16"])
def test_a_profile_of_grey_is_followed(mode: str) -> None:
    grey = Image.new("L", (8, 8), 128).convert("LA" if mode == "LA" else "L")
    if mode == "I;16":
        grey = Image.fromarray(np.full((8, 8), 128 * 257, np.uint16))
    data = written(grey, "PNG", icc_profile=linear_grey())
    pixels, notes = still_file.read(data, LARGE)
    assert not any("profile" in note for note in notes)
    np.testing.assert_allclose(pixels[0, 0].astype(int), (188, 188, 188, 255), atol=1)


def test_what_is_left_out_is_said() -> None:
    frames = [halves(), halves().rotate(180), halves()]
    moving: dict[str, Any] = {"save_all": True, "append_images": frames[1:]}
    for kind, told in (("PNG", "of its 3 frames"), ("WEBP", "3 frames"), ("TIFF", "3 pages")):
        data = written(frames[0], kind, **moving)
        assert told in still_file.look(data).notes[0]
        assert tuple(still_file.read(data, LARGE)[0][5, 5, :3]) != (0, 0, 255)
    grey = written(Image.fromarray(np.full((8, 8), 32768, np.uint16)), "PNG")
    assert still_file.look(grey).notes == ("of its 16 bits 8 are used",)
    assert "32 bits" in still_file.look(written(Image.new("F", (8, 8)), "TIFF")).notes[0]


def test_what_is_too_large_or_none_is_refused() -> None:
    bomb = written(Image.new("1", (30_000, 20_000)), "PNG")
    assert len(bomb) < 200_000
    for read in (still_file.look, lambda data: still_file.read(data, LARGE)):
        with pytest.raises(ValueError, match="30000 x 20000 pixels; at most 200 million"):
            read(bomb)
        with pytest.raises(ValueError, match="no picture that can be read; save it as PNG"):
            read(b"<svg/>")
        with pytest.raises(ValueError, match="it is empty"):
            read(b"")
    data = written(halves(), "PNG")
    with pytest.raises(ValueError, match="it cannot be decoded"):
        still_file.read(data[: len(data) // 2], LARGE)
