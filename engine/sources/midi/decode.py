"""MIDI byte stream: whole messages out of any bytes, in pieces of any size.

A status byte is left out while it stays the same (running status), real-time bytes (F8 to FF) stand
in the middle of anything, and a SysEx lasts until F7. Bounded: nothing grows with what arrives.
"""

from __future__ import annotations

from collections import Counter

MOST_SYSEX_BYTES = 4096
_LENGTHS = {0xF1: 1, 0xF2: 2, 0xF3: 1, 0xF6: 0} | {
    status: 1 if status & 0xE0 == 0xC0 else 2 for status in range(0x80, 0xF0)
}
"""Data bytes after each status."""
_SYSEX, _END, _REAL_TIME = 0xF0, 0xF7, 0xF8
_UNDEFINED_REAL_TIME = (0xF9, 0xFD)


class Parser:
    """Parses the bytes of one port, and counts what was left out, by a sentence's end."""

    def __init__(self) -> None:
        self.refused: Counter[str] = Counter()
        self._status = 0
        self._data = bytearray()
        self._is_overlong = self._is_stray = False

    def feed(self, data: bytes) -> list[bytes]:
        """Read more bytes.

        Returns
        -------
        list of bytes
            The messages that are now whole, each with its status byte; a SysEx from F0 to F7.
        """
        if (
            len(data) == 3
            and 0x80 <= data[0] < 0xF0
            and not self._data
            and self._status < _SYSEX
            and _LENGTHS[data[0]] == 2
            and data[1] < 0x80
            and data[2] < 0x80
        ):  # what nearly every packet is
            self._status, self._is_stray = data[0], False
            return [data]
        found: list[bytes] = []
        for byte in data:
            if byte >= _REAL_TIME:
                self._real_time(byte, found)
            elif byte >= 0x80:
                self._begin(byte, found)
            else:
                self._add(byte, found)
        return found

    def _real_time(self, byte: int, found: list[bytes]) -> None:
        if byte in _UNDEFINED_REAL_TIME:
            self.refused[f"status {byte:X}, which MIDI does not define"] += 1
        else:
            found.append(bytes([byte]))

    def _begin(self, byte: int, found: list[bytes]) -> None:
        """Take a status byte: what was begun ends here."""
        is_sysex = self._status == _SYSEX
        if byte == _END and is_sysex:
            if not self._is_overlong:
                found.append(bytes([_SYSEX, *self._data, _END]))
        elif byte == _END:
            self.refused["the end of a SysEx without its beginning"] += 1
        elif is_sysex and not self._is_overlong:
            self.refused["a SysEx that was cut off"] += 1
        elif self._data:
            self.refused["a message that was cut off"] += 1
        self._data.clear()
        self._is_overlong = self._is_stray = False
        self._status = 0 if byte == _END else byte
        if byte not in _LENGTHS and byte not in (_SYSEX, _END):
            self.refused[f"status {byte:X}, which MIDI does not define"] += 1
            self._status = 0
        elif _LENGTHS.get(byte) == 0:
            found.append(bytes([byte]))
            self._status = 0

    def _add(self, byte: int, found: list[bytes]) -> None:
        """Take a data byte."""
        if self._status == 0:
            if not self._is_stray:
                self.refused["data without a status"] += 1
            self._is_stray = True
        elif self._status == _SYSEX:
            if len(self._data) < MOST_SYSEX_BYTES:
                self._data.append(byte)
            elif not self._is_overlong:
                self._is_overlong = True
                self.refused[f"a SysEx of more than {MOST_SYSEX_BYTES} bytes"] += 1
        else:
            self._data.append(byte)
            if len(self._data) == _LENGTHS[self._status]:
                found.append(bytes([self._status, *self._data]))
                self._data.clear()
                if self._status > _SYSEX:
                    self._status = 0  # only channel messages have a running status
