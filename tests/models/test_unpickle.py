"""The opcode machine against Python's own pickle, and against nonsense."""

from __future__ import annotations

import pickle
import pickletools
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.models.formats.reader import read_network
from engine.models.unpickle.allowed import find_for
from engine.models.unpickle.inert import Budget, RefusedError, Text
from engine.models.unpickle.numpy_arrays import Array
from engine.models.unpickle.opcodes import OPCODES
from engine.models.unpickle.reader import read
from tests import model_files as files

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.text(max_size=20),
    st.floats(allow_nan=False), st.binary(max_size=20),
)  # fmt: skip
keys = st.one_of(st.integers(-(2**40), 2**40), st.text(max_size=8))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(keys, inner, max_size=4),
        st.sets(keys, max_size=3),
    ),
    max_leaves=12,
)


def load(data: bytes) -> Any:
    return read(memoryview(data), find_for(Budget()))[0]


def thaw(value: Any) -> Any:
    """What Python would have given: bytes for views."""
    if isinstance(value, memoryview):
        return bytes(value)
    if isinstance(value, Text):
        return value.decode()
    if isinstance(value, dict):
        return {key: thaw(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(thaw, value))
    return value


def refusal(reader: Callable[[Any], Any], data: Any) -> str:
    """What the reader says against it, empty if nothing; any other error is a failure."""
    try:
        reader(data)
    except RefusedError as error:
        return str(error)
    return ""


@given(values, st.integers(0, 5))
def test_reads_what_pickle_writes(value: Any, protocol: int) -> None:
    assert thaw(load(pickle.dumps(value, protocol))) == value


@given(st.binary(max_size=200))
@settings(max_examples=300)
def test_nonsense_is_refused_in_one_way(data: bytes) -> None:
    assert "\n" not in refusal(load, data)


SNAPSHOT = files.snapshot(files.NETWORKS[0], 2)


@given(st.data())
@settings(max_examples=60)
def test_a_damaged_network_is_refused_or_read(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(SNAPSHOT) - 1))
    cut = data.draw(st.integers(0, 4))
    piece = data.draw(st.binary(max_size=4))
    damaged = memoryview(SNAPSHOT[:at] + piece + SNAPSHOT[at + cut :])
    assert "\n" not in refusal(read_network, damaged)


@pytest.mark.parametrize("at", [0, 1, 2, 100, 5000, len(SNAPSHOT) // 2, len(SNAPSHOT) - 1])
def test_a_truncated_network_is_refused(at: int) -> None:
    with pytest.raises(RefusedError, match=r"damaged|empty"):
        read_network(memoryview(SNAPSHOT[:at]))


def test_every_opcode_has_an_answer() -> None:
    known = {ord(opcode.code) for opcode in pickletools.opcodes}
    assert set(OPCODES) | {ord(".")} == known


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=">i4").reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array([True, False]),
        np.array(3.5, np.float16),
        np.zeros((0, 3), np.float32),
    ],
    ids=["big-endian", "fortran", "bool", "no axes", "empty"],
)
def test_arrays(array: np.ndarray[Any, Any], protocol: int) -> None:
    found = load(pickle.dumps(array, protocol))
    assert isinstance(found, Array)
    np.testing.assert_array_equal(found.array(), array)
    assert found.array().shape == array.shape


@pytest.mark.parametrize("protocol", range(6))
def test_small_things(protocol: int) -> None:
    value = [np.float64(0.1), np.int64(-3), OrderedDict(a=1), {1, 2}, b"", "x" * 100_000]
    found = thaw(load(pickle.dumps(value, protocol)))
    assert found == [0.1, -3, {"a": 1}, {1, 2}, b"", "x" * 100_000]


def test_strings_of_python_2() -> None:
    data = b"(dp0\nS'caf\\xe9'\np1\nU\x03abcs."
    assert load(data) == {"café": "abc"}


def test_two_pickles_in_a_row_tell_where_the_first_ends() -> None:
    first = pickle.dumps([1, 2])
    assert read(memoryview(first + b"rest"), find_for(Budget())) == ([1, 2], len(first))


def test_the_budget_is_shared_and_ends() -> None:
    budget = Budget(opcodes=50)
    read(memoryview(pickle.dumps([])), find_for(budget), None, budget)
    with pytest.raises(RefusedError, match="longer than any"):
        read(memoryview(pickle.dumps(list(range(60)), 2)), find_for(budget), None, budget)
