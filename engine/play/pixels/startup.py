"""Startup of the visible layers, as it is told: what each does before its picture is there."""

from __future__ import annotations

from collections.abc import Mapping

TELL_AFTER_S = 1.0
"""What is over sooner is not worth a line."""


class Startup:
    """Says what lasts: a line once, and a mark for as long as it is so.

    Attributes
    ----------
    mark
        To be shown over the picture; empty if there is nothing to wait for.
    """

    def __init__(self) -> None:
        self.mark = ""
        self._since: dict[str, tuple[str, float]] = {}  # what a layer does, and since when
        self._told: set[tuple[str, str]] = set()

    def tend(self, doing: Mapping[str, str], now_s: float) -> list[str]:
        """Look at what layers do; return the lines that are to be said now.

        Parameters
        ----------
        doing
            By layer, in words; layers that simply play are not in it.
        """
        before = self._since
        self._since = {
            name: before[name] if before.get(name, ("", 0.0))[0] == text else (text, now_s)
            for name, text in doing.items()
        }
        lasting = {
            name: text for name, (text, s) in self._since.items() if now_s - s >= TELL_AFTER_S
        }
        news = [each for each in lasting.items() if each not in self._told]
        self._told = (self._told & set(doing.items())) | set(news)
        self.mark = "; ".join(f"{name} {text}" for name, text in lasting.items())
        return [f"layer {name} {text}" for name, text in news]
