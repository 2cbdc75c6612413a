"""Settings of a training, decided before it begins."""

from __future__ import annotations

from dataclasses import dataclass

from engine.lab.gan.process_group import ProcessGroup


@dataclass(frozen=True, slots=True)
class Settings:
    """How a training goes.

    Parameters
    ----------
    pictures
        How many are shown; it decides when the network grows.
    batch
        Pictures per step, over all processes.
    rates
        Learning rates of generator and discriminator.
    lazy
        Steps between two penalties.
    grows
        Whether small pictures come first.
    frozen
        How many of the discriminator's finest blocks stay as they are (freeze-D: S. Mo et al.,
        2020).
    warm_up
        Steps in which only the discriminator learns.
    wide
        Whether every second picture, by chance, is a window of a larger one.
    """

    pictures: int
    batch: int
    rates: tuple[float, float]
    seed: int = 0
    lazy: int = 8
    grows: bool = True
    frozen: int = 0
    warm_up: int = 0
    noisy: bool = True
    wide: bool = False


def share(settings: Settings, group: ProcessGroup) -> int:
    """Return how many pictures of a batch are a process's own.

    Raises
    ------
    ValueError
        If the batch cannot be shared out: the discriminator looks at groups of four.
    """
    if settings.batch % (4 * group.size):
        raise ValueError(
            f"batch {settings.batch}: it must be a multiple of {4 * group.size} "
            f"(4 for each of {group.size} processes)"
        )
    return settings.batch // group.size
