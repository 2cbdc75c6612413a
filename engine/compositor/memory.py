"""What layers remember: the histories of their shaders, and their newest results."""

from __future__ import annotations

from engine.compositor.gl.surface import Pool, Surface
from engine.compositor.isf.passes import History
from engine.core.frame.plan import Pass

_PATIENCE_STEPS = 30  # how long a history outlives its pass: an opacity that touches 0 is no cut


class Memory:
    """Owns the surfaces that outlive their frame."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._histories: dict[str, History] = {}
        self._results: dict[str, tuple[Surface, int]] = {}  # newest, and of which step
        self._steps = 0

    def begin_step(self) -> None:
        """Count a picture step."""
        self._steps += 1

    def end_step(self) -> None:
        """Drop what has been out of the plan for a while."""
        oldest = self._steps - _PATIENCE_STEPS
        for key in [k for k, h in self._histories.items() if h.newest < oldest]:
            self._drop(key)
        for name in [n for n, (_, newest) in self._results.items() if newest < oldest]:
            self._pool.give(self._results.pop(name)[0])

    def history(self, item: Pass, is_step: bool) -> History | None:
        """What a pass remembers; on a step it begins to."""
        history = self._histories.get(item.key)
        if history is not None and history.shader != item.shader:
            self._drop(item.key)
            history = None
        if history is None and is_step:
            history = self._histories[item.key] = History(item.shader)
        if history is not None and is_step:
            history.newest = self._steps
        return history

    def keep(self, name: str, surface: Surface) -> None:
        """Keep a layer's result of this step."""
        if name in self._results:
            self._pool.give(self._results[name][0])
        self._results[name] = (surface, self._steps)

    def result(self, name: str, is_of_now: bool = False) -> Surface | None:
        """Newest result of a layer, for one more to hold; or None if it is older than this step."""
        surface, steps = self._results.get(name, (None, 0))
        if surface is None or (is_of_now and steps != self._steps):
            return None
        return self._pool.share(surface)

    def clear(self) -> None:
        """Forget everything."""
        for key in list(self._histories):
            self._drop(key)
        for surface, _ in self._results.values():
            self._pool.give(surface)
        self._results.clear()

    def _drop(self, key: str) -> None:
        for surface in self._histories.pop(key).targets.values():
            self._pool.give(surface)
