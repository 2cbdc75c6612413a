"""Pictures of shows as arrays, and the cubes that are made of them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from engine.documents.pictures import cube, decode_picture, panorama


def test_a_picture_is_decoded_and_what_is_none_is_named() -> None:
    rgba = np.random.default_rng(0).integers(0, 256, (5, 7, 4), np.uint8)
    data = io.BytesIO()
    Image.fromarray(rgba).save(data, "PNG")
    assert np.array_equal(decode_picture(data.getvalue(), "a.png")[0], rgba)
    with pytest.raises(ValueError, match=r"^b\.png: "):
        decode_picture(b"nothing", "b.png")


def test_the_middle_of_a_panorama_is_ahead_and_its_top_above() -> None:
    colours = np.zeros((64, 128, 4), np.uint8)
    colours[..., 0] = np.arange(128)  # from behind on the left to behind on the right
    colours[..., 1] = np.arange(64)[:, None] * 2
    faces = panorama(colours)
    right, left, top, bottom, back, ahead = faces[:, 16, 16]
    assert faces.shape == (6, 32, 32, 4)
    assert [int(face[0]) for face in (left, ahead, right)] == pytest.approx([32, 64, 96], abs=2)
    assert int(back[0]) < 8 or int(back[0]) > 120
    assert int(top[1]) < 8
    assert int(bottom[1]) > 120
    assert np.array_equal(cube([colours]), faces)


def test_faces_are_as_large_as_the_largest() -> None:
    faces = [np.full((side, side, 4), side, np.uint8) for side in (2, 4, 8, 2, 2, 2)]
    for face in faces:
        face[..., 3] = 255
    found = cube(faces)
    assert found.shape == (6, 8, 8, 4)
    assert [int(face[0, 0, 0]) for face in found] == [2, 4, 8, 2, 2, 2]
