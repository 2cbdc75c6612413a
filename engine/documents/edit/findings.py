"""Findings in an edit beside the proxy: refused, or left out and reported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.documents.edit.timeline import EditError, Film, file_name

IGNORABLE = ("titles", "media")
"""What ``--ignore`` takes: titles and what else an editor draws by itself; other films."""
_MOST_NAMED = 8


@dataclass(slots=True)
class Findings:
    """Collects what a reader meets that is no stretch of the proxy.

    Parameters
    ----------
    ignored
        Words of `IGNORABLE` that are left out instead of refused.
    begin
        Timecode at which the film begins; "": as the reader finds it.
    """

    name: str
    film: Film
    ignored: frozenset[str] = frozenset()
    begin: str = ""
    media: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    effects: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    def is_proxy(self, seen: Iterable[str], place: str) -> bool:
        """Whether a clip shows the proxy; one without any name does. Another is kept in mind."""
        given = [name for name in seen if name]
        if not given or self.film.is_one_of(given):
            return True
        self.media.append(f"{self._short(place)} shows {file_name(given[0])[:80]!r}")
        return False

    def title(self, what: str, place: str) -> None:
        """Keep in mind what the editor draws by itself: a title, a colour, an adjustment layer."""
        self.titles.append(f"{self._short(place)} is {what}")

    def effect(self, what: str) -> None:
        """Count an effect of the editor that no latent can follow."""
        self.effects[what[:40]] += 1

    def note(self, text: str) -> None:
        """Keep a sentence for the user."""
        if self._short(text) not in self.notes:
            self.notes.append(self._short(text))

    def wipe(self, place: str) -> None:
        """Note a transition whose shape has no meaning between latents."""
        self.note(f"{place}: a wipe is followed as a dissolve")

    def report(self) -> list[str]:
        """Sentences of what was left out.

        Raises
        ------
        EditError
            If there is something that nobody said may be left out.
        """
        film = self.film.names[0]
        if self.media and "media" not in self.ignored:
            raise EditError(
                f"{self.name}: {_listed(self.media)}, which is not the proxy {film}; take it "
                "out of the edit, say --media NAME if the proxy was renamed, or --ignore media"
            )
        if self.titles and "titles" not in self.ignored:
            raise EditError(
                f"{self.name}: {_listed(self.titles)}, which no latent follows; take it out of the "
                "edit, or say --ignore titles"
            )
        found = [f"{_listed(each)}: left out" for each in (self.media, self.titles) if each]
        found += self.notes[:_MOST_NAMED]
        if len(self.notes) > _MOST_NAMED:
            found.append(f"{len(self.notes) - _MOST_NAMED} more of the kind")
        if self.effects:
            names = [name for name, _ in self.effects.most_common(_MOST_NAMED)]
            found.append(f"{self.effects.total()} effects are left out: {', '.join(names)}")
        return [f"{self.name}: {text}" for text in found]

    def _short(self, place: str) -> str:
        return place.removeprefix(f"{self.name}: ")


def _listed(found: list[str]) -> str:
    more = len(found) - _MOST_NAMED
    return ", ".join(found[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
