"""The shared-memory ring: newest record wins, and none is ever torn."""

from __future__ import annotations

import multiprocessing
import zlib
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.show.generator import Request
from engine.generators.host.messages import (
    Frame,
    decode_frame,
    decode_request,
    encode_frame,
    encode_request,
)
from engine.system.record import decode, encode
from engine.system.ring import Ring, attach_ring, create_ring


def join(parts: list[memoryview]) -> np.ndarray:
    return np.frombuffer(b"".join(bytes(p) for p in parts), np.uint8)


@pytest.fixture
def ring() -> Any:
    made = create_ring(3, 4096)
    yield made
    made.close()


def put(ring: Ring, text: bytes) -> int:
    return ring.write([memoryview(text)])


def test_the_newest_record_wins_and_is_given_once(ring: Ring) -> None:
    assert ring.newest(0) is None
    for text in (b"one", b"two", b"three", b"four"):
        put(ring, text)
    found = ring.newest(0)
    assert found is not None
    sequence, data = found
    assert (sequence, bytes(data)) == (4, b"four")
    assert ring.newest(sequence) is None


def test_parts_are_laid_one_after_the_other(ring: Ring) -> None:
    ring.write([memoryview(b"ab"), memoryview(b""), memoryview(b"cde")])
    found = ring.newest(0)
    assert found is not None
    assert bytes(found[1]) == b"abcde"


def test_a_copy_is_the_readers_own(ring: Ring) -> None:
    put(ring, b"first")
    found = ring.newest(0)
    for _ in range(3):
        put(ring, b"other")
    assert found is not None
    assert bytes(found[1]) == b"first"


def test_a_record_too_large_is_refused_and_the_newest_stays(ring: Ring) -> None:
    put(ring, b"good")
    with pytest.raises(ValueError, match="does not fit"):
        put(ring, bytes(4097))
    found = ring.newest(0)
    assert found is not None
    assert bytes(found[1]) == b"good"


class Lapped(Ring):
    """Lets the writer overtake in the middle of a copy, as a slow reader would see it."""

    writer: Ring
    laps = 0

    def _order(self) -> None:
        if self.laps:
            self.laps -= 1
            for _ in range(self.slots):
                put(self.writer, bytes([self.writer.head % 251]) * 4096)


@pytest.mark.parametrize("laps", [1, 2, 3, 5])
def test_a_reader_that_is_overtaken_throws_the_copy_away(ring: Ring, laps: int) -> None:
    put(ring, bytes(4096))
    reader = Lapped(SharedMemory(ring.name), ring.slots, ring.slot_bytes, is_owner=False)
    reader.writer, reader.laps = ring, laps
    found = reader.newest(0)
    assert found is not None
    assert found[0] > 1  # the copy of record 1 was given up
    assert len(set(found[1].tolist())) == 1
    reader.close()


def test_a_reader_that_is_always_overtaken_gives_up_instead_of_spinning(ring: Ring) -> None:
    put(ring, bytes(4096))
    reader = Lapped(SharedMemory(ring.name), ring.slots, ring.slot_bytes, is_owner=False)
    reader.writer, reader.laps = ring, 1000
    assert reader.newest(0) is None
    assert reader.laps > 900
    reader.close()


class Killed(Ring):
    """Dies in the middle of writing."""

    def _order(self) -> None:
        raise KeyboardInterrupt


def test_a_writer_killed_in_the_middle_leaves_the_newest_readable(ring: Ring) -> None:
    put(ring, b"whole")
    dying = Killed(SharedMemory(ring.name), ring.slots, ring.slot_bytes, is_owner=False)
    with pytest.raises(KeyboardInterrupt):
        put(dying, b"half")
    dying.close()
    found = ring.newest(0)
    assert found is not None
    assert bytes(found[1]) == b"whole"
    heir = attach_ring(ring.name, ring.slots, ring.slot_bytes)  # the next worker goes on
    assert put(heir, b"next") == 2
    heir.close()
    found = ring.newest(1)
    assert found is not None
    assert bytes(found[1]) == b"next"


def hammer(control: Connection, name: str, slots: int, slot_bytes: int) -> None:
    ring = attach_ring(name, slots, slot_bytes)
    rng = np.random.default_rng(1)
    while not control.poll(0):
        body = rng.bytes(int(rng.integers(1, slot_bytes - 4)))
        ring.write([memoryview(zlib.crc32(body).to_bytes(4, "little")), memoryview(body)])
    ring.close()


def test_no_record_is_torn_while_two_processes_hammer() -> None:
    ring = create_ring(2, 60_000)  # two slots: the writer is always in the reader's way
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    writer = context.Process(target=hammer, args=(theirs, ring.name, 2, 60_000), daemon=True)
    writer.start()
    seen, last = 0, 0
    while seen < 800 and writer.is_alive():
        found = ring.newest(last)
        if found is None:
            continue
        assert found[0] > last
        last, data = found
        assert zlib.crc32(data[4:]) == int.from_bytes(data[:4].tobytes(), "little")
        seen += 1
    ours.send(None)
    writer.join()
    ring.close()
    assert seen == 800


def test_close_removes_it_and_may_be_repeated() -> None:
    ring = create_ring(2, 100)
    other = attach_ring(ring.name, 2, 100)
    other.close()
    ring.close()
    ring.close()
    with pytest.raises(FileNotFoundError):
        SharedMemory(ring.name)


finite = st.floats(allow_nan=False, allow_infinity=False)
floats32 = st.floats(width=32, allow_nan=False)


@given(
    seconds=finite,
    z=st.lists(floats32, max_size=70),
    parameters=st.dictionaries(st.text(max_size=20), finite, max_size=10),
    aspect=finite,
)
def test_a_request_survives_the_record_bit_for_bit(
    seconds: float, z: list[float], parameters: dict[str, float], aspect: float
) -> None:
    ws = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    latents = {"z": np.array(z, np.float32), "ws": ws}
    asked = Request(seconds, latents, parameters, (320, 90), aspect)
    got = decode_request(join(encode_request(asked)))
    assert got.latents["z"].tobytes() == asked.latents["z"].tobytes()
    assert np.array_equal(got.latents["ws"], ws)
    assert (got.seconds, got.parameters, got.size_px, got.aspect) == (
        seconds, parameters, (320, 90), aspect,
    )  # fmt: skip


def test_a_frame_survives_the_record() -> None:
    pixels = np.linspace(0, 1, 5 * 7 * 4).reshape(5, 7, 4).astype(np.float16)
    frame = Frame(1.5, 0, pixels, {"z": np.ones(3, np.float32)}, 0.01, 8)
    got = decode_frame(join(encode_frame(frame)), 42)
    assert np.array_equal(got.pixels, pixels)
    assert (got.seconds, got.sequence, got.render_s, got.request) == (1.5, 42, 0.01, 8)
    assert got.device_slot is None


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_request_that_is_not_finite_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        encode_request(Request(0.0, {}, {"truncation": bad}))


def test_a_request_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="at most"):
        encode_request(Request(0.0, {"z": np.zeros(1 << 20, np.float32)}))


@given(st.binary(max_size=300))
def test_a_record_of_any_bytes_is_read_or_refused(data: bytes) -> None:
    whole = b"".join(bytes(p) for p in encode({"a": 1}, {"z": np.zeros(4, np.float32)}))
    for text in (data, whole[: len(data)], data + whole):
        try:
            header, arrays = decode(np.frombuffer(text, np.uint8))
        except ValueError:
            continue
        assert text == whole
        assert header == {"a": 1}
        assert list(arrays) == ["z"]


@pytest.mark.parametrize(
    "listed",
    ['[["z","f4",[-1]]]', '[["z","f4",[9999]]]', '[["z","O",[1]]]', '[["z","f4",["x"]]]', "3"],
)
def test_a_record_that_lies_about_its_arrays_is_refused(listed: str) -> None:
    text = b'{"arrays":' + listed.encode() + b"}"
    data = len(text).to_bytes(4, "little") + text
    data += bytes(-len(data) % 64 + 16)
    with pytest.raises(ValueError, match=r".+"):
        decode(np.frombuffer(data, np.uint8))
