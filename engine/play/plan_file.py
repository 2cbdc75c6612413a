"""Plan file: every parameter and latent, tick by tick, as ``.npz``."""

from __future__ import annotations

import math
import queue
import tempfile
import threading
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from engine.core.clock import seconds_at
from engine.core.event import Event
from engine.core.frame.sample import latents
from engine.core.frame.values import effective
from engine.core.show.show import Show
from engine.core.show.state import State
from engine.system.atomic import check_writable, open_new

MOST_ROWS = 4_000_000
"""Rows of a plan file: nine hours at 120 Hz."""
QUEUE_ROWS = 2048
BLOCK_ROWS = 1024
ITEM = 8  # bytes of a number in the rows


class PlanWriter:
    """Gathers rows in a temporary file beside the plan file, written as ``.npz`` at the end.

    A thread of its own does it: the frame line never waits for the disk, and a full one ends the
    plan file, not the show. Memory holds two thousand rows, however long it plays.

    Columns are those of the first show; where a reloaded show lacks one, it is NaN.

    Raises
    ------
    ValueError
        If the name does not end in ``.npz``.
    OSError
        If the file cannot be written.
    """

    def __init__(self, path: Path, show: Show) -> None:
        if path.suffix != ".npz":
            raise ValueError(f"{path}: a plan file ends in .npz")
        check_writable(path)
        self.error = ""
        self._is_full = False
        self._path = path
        self._addresses = [p.address for p in show.registry.parameters]
        self._paths = [
            (f"/layer/{layer.id}/generator/{port.name}", port.shape)
            for layer in show.layers
            if layer.generator is not None
            for p in layer.generator.paths
            for port in layer.generator.spec.ports
            if port.name == p.port
        ]
        self._paths += [(f"{p.name}/coordinates", p.shape) for p in show.paths if p.chart]
        self._width = 2 + len(self._addresses) + sum(math.prod(shape) for _, shape in self._paths)
        # Unbuffered: what the disk does not take must not come back when the file is closed.
        self._file = tempfile.TemporaryFile(dir=path.parent, buffering=0)  # noqa: SIM115 - kept
        self._count = 0
        self._saved = 0  # rows that are in the temporary file
        self._rows: queue.Queue[NDArray[np.float64] | None] = queue.Queue(QUEUE_ROWS)
        self._thread = threading.Thread(target=self._work, name="plan", daemon=True)
        self._thread.start()

    def tick(self, show: Show, before: State, events: Sequence[Event], after: State) -> None:
        """Add the row of a tick, without ever waiting; fits `Line.on_tick`."""
        del before, events
        if self.error:
            return
        if self._count >= MOST_ROWS:
            self._stop(f"{MOST_ROWS} rows are the most", "play again for more")
            return
        seconds = float(seconds_at(after.tick, show.control_hz))
        try:
            self._rows.put_nowait(self._row(show, after, seconds))
        except queue.Full:
            self._stop("the disk is too slow", "choose another place")
        self._count += 1

    def write(self, show: Show, state: State, seconds: float) -> None:
        """Add the row of a moment; waits for the disk.

        Raises
        ------
        OSError
            If the disk takes no more.
        """
        if self.error:
            raise OSError(self.error)
        self._rows.put(self._row(show, state, seconds))
        self._count += 1

    def _row(self, show: Show, state: State, seconds: float) -> NDArray[np.float64]:
        values = effective(show, state, seconds)
        listed: list[float] = values.tolist()
        if [p.address for p in show.registry.parameters] != self._addresses:
            index = show.registry.index
            values = np.array([values[index[a]] if a in index else np.nan for a in self._addresses])
        found = latents(show, state, seconds, listed)
        row = [np.array([state.tick, seconds]), values]
        row += [
            found[a].astype(np.float64).ravel()
            if a in found and found[a].shape == shape
            else np.full(math.prod(shape), np.nan)
            for a, shape in self._paths
        ]
        return np.concatenate(row)

    def _stop(self, why: str, cure: str) -> None:
        self.error = f"{self._path}: the plan file ends early ({why}); {cure}"

    def _work(self) -> None:
        """Write blocks of rows, each turned round, so that a column is read back in one piece."""
        block: list[NDArray[np.float64]] = []
        while (row := self._rows.get()) is not None:
            if self._is_full:
                continue
            block.append(row)
            if len(block) == BLOCK_ROWS:
                self._save(block)
                block = []
        if block and not self._is_full:
            self._save(block)

    def _save(self, block: list[NDArray[np.float64]]) -> None:
        table = np.zeros((self._width, BLOCK_ROWS))
        table[:, : len(block)] = np.transpose(block)
        left = memoryview(table.tobytes())
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError as error:
            self._is_full = True
            self._stop(error.strerror or str(error), "free some disk or choose another place")
        else:
            self._saved += len(block)

    def close(self) -> None:
        """Write the file, with what was gathered.

        Raises
        ------
        OSError
            If it cannot be written; the message names the file.
        """
        try:
            self.end()
            with open_new(self._path) as file:
                self._write_arrays(file)
        except OSError as error:
            why = error.strerror or error
            raise type(error)(
                f"{self._path}: not written ({why}); free some disk or choose another place"
            ) from None
        finally:
            self._file.close()

    def drop(self) -> None:
        """Write nothing."""
        with suppress(OSError):
            self.end()
        self._file.close()

    def end(self) -> None:
        """Take no more rows; whether all are kept is known then.

        Raises
        ------
        OSError
            If the disk hangs.
        """
        try:
            self._rows.put(None, timeout=10)
        except queue.Full:
            raise OSError("the disk does not answer") from None
        self._thread.join(timeout=30)
        if self._thread.is_alive():
            raise OSError("the disk does not answer")

    def _write_arrays(self, out: BinaryIO) -> None:
        """Write an ``.npz`` block by block: no column has to fit into memory."""
        columns: list[tuple[str, int, tuple[int, ...], str]]
        columns = [("tick", 0, (), "<i8"), ("seconds", 1, (), "<f8")]
        columns += [(address, 2 + i, (), "<f8") for i, address in enumerate(self._addresses)]
        at = 2 + len(self._addresses)
        for address, shape in self._paths:
            columns.append((address, at, shape, "<f4"))
            at += math.prod(shape)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
            for name, first, shape, kind in columns:
                whole = (self._saved, *shape)
                header = {"descr": kind, "fortran_order": False, "shape": whole}
                with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                    np.lib.format.write_array_header_1_0(file, header)
                    for rows in self._read(first, math.prod(shape)):
                        file.write(rows.astype(kind).tobytes())

    def _read(self, first: int, size: int) -> Iterator[NDArray[np.float64]]:
        """Columns of every block [shape=(rows, size)]."""
        for start in range(0, self._saved, BLOCK_ROWS):
            self._file.seek((start * self._width + first * BLOCK_ROWS) * ITEM)
            data = np.frombuffer(self._file.read(size * BLOCK_ROWS * ITEM))
            yield data.reshape(size, BLOCK_ROWS)[:, : self._saved - start].T
