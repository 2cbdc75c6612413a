"""Tables of looks: what is read, and what is refused with file, line and cure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.colour.cube import LARGEST_BYTES, read_cube

CORNERS = "\n".join(f"{r} {g} {b}" for b in (0, 1) for g in (0, 1) for r in (0, 1))
CUBE = f"LUT_3D_SIZE 2\n{CORNERS}\n"


def test_a_cube_lies_by_blue_green_red() -> None:
    lut = read_cube(b"\xef\xbb\xbf" + f'# c\r\nTITLE "Ab"\r\n\r\n{CUBE}'.encode(), "a.cube")
    assert lut.curves is None
    assert lut.cube is not None
    assert lut.cube.values.shape == (2, 2, 2, 3)
    assert lut.cube.values[1, 0, 0].tolist() == [0.0, 0.0, 1.0]
    assert (lut.cube.low, lut.cube.high) == ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


def test_curves_come_before_a_cube_and_the_domain_is_theirs() -> None:
    head = "LUT_1D_SIZE 2\nLUT_3D_SIZE 2\nDOMAIN_MIN -1 0 0\nDOMAIN_MAX 1 2 3\n"
    lut = read_cube(f"{head}0 0 0\n.5 .5 .5\n{CORNERS}".encode(), "a.cube")
    assert lut.curves is not None
    assert lut.cube is not None
    assert (lut.curves.low, lut.curves.high) == ((-1.0, 0.0, 0.0), (1.0, 2.0, 3.0))
    assert lut.curves.values[1].tolist() == [0.5, 0.5, 0.5]
    assert lut.cube.high == (1.0, 1.0, 1.0)


def test_resolve_names_a_range_for_each_table() -> None:
    head = "LUT_1D_SIZE 2\nLUT_1D_INPUT_RANGE -1 4\nLUT_3D_SIZE 2\nLUT_3D_INPUT_RANGE 0 2\n"
    lut = read_cube(f"{head}0 0 0\n1 1 1\n{CORNERS}".encode(), "a.cube")
    assert lut.curves is not None
    assert lut.cube is not None
    assert (lut.curves.low[0], lut.curves.high[0], lut.cube.high[2]) == (-1.0, 4.0, 2.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a.cube:1: neither LUT_1D_SIZE nor LUT_3D_SIZE"),
        ("LUT_3D_SIZE 66\n", "a.cube:1: LUT_3D_SIZE is 66, and may be 2 to 65"),
        ("LUT_3D_SIZE 99999999999\n", "a.cube:1: LUT_3D_SIZE is 99999999999, and"),
        ("\nLUT_1D_SIZE 65537\n", "a.cube:2: LUT_1D_SIZE is 65537, and may be 2 to 65536"),
        ("LUT_1D_SIZE 2\nLUT_1D_SIZE 2\n", "a.cube:2: LUT_1D_SIZE is there twice"),
        ("LUT_3D_SIZE 2\n0 0 0\n", "a.cube:2: 1 rows of numbers, and its sizes ask for 8"),
        (f"{CUBE}\n1 1 1\n", "a.cube:11: 9 rows of numbers, and its sizes ask for 8"),
        ("LUT_1D_SIZE 2\n0 0 0\n1 nan 1\n", "a.cube:3: '1 nan 1' is not red, green and blue"),
        ("LUT_1D_SIZE 2\n0 0\n1 1 1 1\n", "a.cube:2: '0 0' is not red, green and blue"),
        ("LUT_1D_SIZE 2\n0 0 0\n1 1 0x1\n", "a.cube:3: '1 1 0x1' is not"),
        ("LUT_1D_SIZE 2\nDOMAIN_MIN 0 0\n", "a.cube:2: DOMAIN_MIN takes 3 numbers, not '0 0'"),
        ("LUT_1D_SIZE 2\nDOMAIN_MIN 1 1 1\n0 0 0\n1 1 1", "a.cube:2: its domain ends where"),
        ("SHAPE 2\n", "a.cube:1: the keyword 'SHAPE' is not known"),
    ],
)
def test_a_bad_file_is_refused_with_its_line_and_a_cure(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"; save it again") as error:
        read_cube(text.encode(), "a.cube")
    assert str(error.value).startswith(said)


def test_a_huge_file_is_not_read() -> None:
    with pytest.raises(ValueError, match="larger than 32 MB"):
        read_cube(bytes(LARGEST_BYTES + 1), "a.cube")


@given(st.binary(max_size=200), st.integers(0, len(CUBE)))
def test_any_bytes_give_a_table_or_one_sentence(noise: bytes, place: int) -> None:
    text = CUBE.encode()
    for data in (noise, text[:place] + noise + text[place:]):
        said = "a.cube"
        try:
            lut = read_cube(data, "a.cube")
        except ValueError as error:
            said = str(error)
        else:
            tables = [table for table in (lut.curves, lut.cube) if table is not None]
            assert all(np.isfinite(table.values).all() for table in tables)
        assert said.startswith("a.cube")
