"""Writer threads behind a bounded queue, and the samples of a film's sound."""

from __future__ import annotations

import errno
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.outputs.contract import Sound

QUEUE_PLACES = 8
QUEUE_BYTES = 512 * 2**20


def samples_at(frames: int, fps: Fraction, rate_hz: int) -> int:
    """Count the samples that sound while `frames` pictures are shown, rounded once."""
    return round(Fraction(frames * rate_hz) / fps)


def read_sound(sound: Sound, start: int, count: int) -> NDArray[np.float32]:
    """Read exactly `count` samples in -1..1 [shape=(count, channels)]; what is missing is silence.

    Raises
    ------
    ValueError
        If the sound hands out another number of channels than it declares.
    """
    rows = np.asarray(sound.read(start, count), dtype=np.float32)
    if rows.ndim != 2 or rows.shape[1] != sound.channels:
        raise ValueError(
            f"the sound declares {sound.channels} channels but handed out an array of shape "
            f"{rows.shape}: read(start, count) returns (count, channels)"
        )
    rows = np.clip(np.nan_to_num(rows[:count]), -1.0, 1.0)
    return np.pad(rows, ((0, count - len(rows)), (0, 0)))


def explain(path: Path, error: BaseException, kept: str) -> OSError:
    """Make one sentence of what stopped a file's writing; `kept` says what is still good."""
    number = getattr(error, "errno", None) or errno.EIO
    if number == errno.ENOSPC:
        text = f"The disk is full: '{path}' stops here; {kept}. Free some space"
        return numbered(number, text)
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return numbered(number, f"'{path}' could not be written further ({reason}); {kept}")


def numbered(number: int | None, sentence: str) -> OSError:
    """Make an OSError that prints as a sentence, without Python's ``[Errno 28]`` before it."""
    error = OSError(sentence)
    error.errno = number
    return error


class Writer:
    """Runs jobs in threads of its own, behind a bounded queue.

    The first error of a job is raised, as one OSError, by the next `put` or by `close`, and once
    only; jobs after it are skipped.

    Parameters
    ----------
    path, kept
        For the sentence of that error, see `explain`; `kept` is asked when it is raised.
    is_blocking
        A full queue makes `put` wait (export), or drop the job and count it (live).
    frame_bytes
        Size of what a waiting job holds: big pictures get fewer places.
    threads
        More than one only where the order of jobs does not matter.
    """

    def __init__(
        self,
        path: Path,
        kept: Callable[[], str],
        is_blocking: bool,
        frame_bytes: int,
        threads: int = 1,
    ) -> None:
        self.dropped = 0
        self._path = path
        self._kept = kept
        self._is_blocking = is_blocking
        self._places = max(2, min(QUEUE_PLACES, QUEUE_BYTES // max(frame_bytes, 1)))
        self._waiting: deque[Future[None]] = deque()
        self._error: BaseException | None = None
        self._is_raised = False
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="output")

    def drops(self) -> bool:
        """Whether the queue is full and nobody may wait: then a job is dropped, and counted."""
        self._raise_error()
        while self._waiting and self._waiting[0].done():
            self._waiting.popleft()
        is_full = not self._is_blocking and len(self._waiting) >= self._places
        self.dropped += is_full
        return is_full

    def put(self, job: Callable[[], None]) -> None:
        """Queue a job, or drop it when the queue is full and nobody may wait."""
        if self.drops():
            return
        if len(self._waiting) >= self._places:
            wait([self._waiting.popleft()])
            self._raise_error()
        self._submit(job)

    def close(self, last: Callable[[], None]) -> None:
        """Do the queued jobs, then `last` (even after an error), and end the threads.

        `last` runs where the jobs run, so a second Ctrl-C cannot make both run at once.
        """
        wait(self._waiting)
        ending = self._pool.submit(last)
        self._pool.shutdown(wait=True)
        self._error = self._error or ending.exception()
        self._raise_error()

    def _submit(self, job: Callable[[], None]) -> None:
        future = self._pool.submit(self._run, job)
        future.add_done_callback(self._note)
        self._waiting.append(future)

    def _run(self, job: Callable[[], None]) -> None:
        if self._error is None:
            job()

    def _note(self, future: Future[None]) -> None:
        self._error = self._error or future.exception()

    def _raise_error(self) -> None:
        if self._error is not None and not self._is_raised:
            self._is_raised = True
            raise explain(self._path, self._error, self._kept()) from self._error
