"""Decks of a show: two groups of layers, A and B, and the crossfader between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from engine.core.show.layer import Effect

SIDES = ("a", "b")
CURVES = ("linear", "smooth", "power", "sharp")
"""How the crossfader becomes a share, see `engine.core.frame.decks`."""
CUT, FADE, BLACK, LATENT = "cut", "fade", "black", "latent"


@dataclass(frozen=True, slots=True)
class Decks:
    """Both decks.

    Parameters
    ----------
    fade, curve, transition
        Places of the crossfader, of its curve and of the choice of a transition.
    take, cut, time_s, beats
        Places of the triggers that move it to the other side, and of how long that takes.
    names
        Of the transitions, in the order of the choice.
    effects
        Those of them that are shaders, by their index in `names`.
    members
        IDs of the layers of each deck.
    first
        Index of the layer at whose place they lie: the lowest one that has a deck.
    pairs
        Layers of both decks that have one and the same generator: between them a latent can go.
    """

    fade: int
    curve: int
    transition: int
    take: int
    cut: int
    time_s: int
    beats: int
    names: tuple[str, ...]
    effects: tuple[tuple[int, Effect], ...]
    members: tuple[frozenset[str], frozenset[str]]
    first: int
    pairs: tuple[tuple[str, str], ...] = ()


class DeckState(NamedTuple):
    """What is remembered of the decks from tick to tick.

    Parameters
    ----------
    front
        Index of the deck that was the last to be on air alone.
    is_latent
        Since then a latent goes from the one to the other.
    is_crossed
        The workers of all pairs have changed places, because a latent has gone all the way: the one
        that drew it goes on with where it arrived.
    awaits
        A take that waits for the first pictures of the other deck's generators.
    """

    front: int = 0
    is_latent: bool = False
    is_crossed: bool = False
    awaits: bool = False
