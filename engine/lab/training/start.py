"""The start of a training: a checked folder, and networks that are new or resumed."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.lab.data.folder import Credit, Report
from engine.lab.data.pictures import prepare
from engine.lab.data.ready import Ready
from engine.lab.data.sampler import Sampler
from engine.lab.gan.process_group import ProcessGroup
from engine.lab.gan.settings import Settings, share
from engine.lab.gan.shape import PRESETS, Shape, shape_of
from engine.lab.gan.trainer import Trainer
from engine.lab.training import checkpoint
from engine.lab.training.transfer import begin_with, has_noise, shape_of_network
from engine.models import card

if TYPE_CHECKING:
    from engine.lab.gan.trained import Trained


@dataclass(frozen=True, slots=True)
class TrainingOptions:
    """What was asked for on the command line, as the command's help says it.

    `pictures` and `batch` 0: as the preset has them · `augmentation` None: as needed · `minutes` 0:
    until all pictures were shown.
    """

    folder: Path
    out: Path
    size: int = 128
    preset: str = "small"
    pictures: int = 0
    batch: int = 0
    seed: int = 0
    source: Path | None = None
    resumes: bool = False
    tiles: bool = False
    mirrors: bool = False
    turns: bool = False
    frozen: int = 0
    augmentation: float | None = None
    licence: str = ""
    credit: str = ""
    data_set: str = ""
    noisy: bool = True
    wide: bool = False
    device: str = "auto"
    minutes: float = 0.0


_LATER = {"noisy": True, "wide": False}  # settings of today, as trainings before them were


@dataclass(frozen=True, slots=True)
class Start:
    """A training that is ready to go.

    Parameters
    ----------
    folder
        Where everything of this training lies: ``OUT.train``.
    record
        What decides its course; a later start must ask for the same.
    files
        How many pictures of the folder are used.
    """

    trainer: Trainer
    sampler: Sampler
    folder: Path
    record: dict[str, Any]
    spent_s: float
    licence: str
    data_set: str
    credits: str
    files: int


def folder_of(out: Path) -> Path:
    """Return where a training keeps its things: beside the network."""
    return out.with_suffix(".train")


def find_place(options: TrainingOptions) -> tuple[Path, Path]:
    """Return the folder and the state of a training, if it may go there.

    Raises
    ------
    ValueError, OSError
        If it may not.
    """
    folder = folder_of(options.out)
    state = folder / "state.safetensors"
    if not options.out.parent.is_dir():
        raise NotADirectoryError(f"{options.out.parent} is no folder: make it first")
    if options.out.suffix != ".safetensors":
        raise ValueError(f"{options.out.name}: the network is a file that ends in .safetensors")
    if not options.resumes and (state.exists() or options.out.exists()):
        raise FileExistsError(
            f"{options.out}: there is a training of this name already; go on with --resume, or "
            "choose another name"
        )
    return folder, state


def begin(
    options: TrainingOptions, device: str, group: ProcessGroup, notify: Callable[[str], None]
) -> Start:
    """Check everything, and make or find the networks.

    Raises
    ------
    ValueError, OSError
        If something is missing or does not fit.
    """
    folder, state = find_place(options)
    shape, settings = _shape(options), _settings(options)
    share(settings, group)
    prepared = _prepared(options, folder, shape.size, group, notify)
    notify(prepared.report.text())
    if len(prepared.pictures) < len(prepared.report.files) or options.tiles:
        notify(f"{len(prepared.pictures)} squares of {shape.size} px made of them")
    sampler = Sampler(
        prepared.pictures,
        prepared.names,
        options.seed,
        mirrors=options.mirrors,
        turns=options.turns,
    )
    trainer = Trainer(shape, settings, sampler, device, group)
    if options.augmentation is not None:
        trainer.adaptive.hold(options.augmentation)
    record = {"shape": asdict(shape), "settings": asdict(settings), "pictures": prepared.sha256,
              "turned": [options.mirrors, options.turns]}  # fmt: skip
    record = json.loads(json.dumps(record))
    spent_s = 0.0
    if options.resumes and state.exists():
        spent_s = resume(trainer, state, record)
        notify(f"going on after {trainer.shown} pictures")
    elif options.source is not None:
        notify(begin_with(trainer, options.source))
    used = [prepared.report.credit[name] for name in dict.fromkeys(prepared.names)]
    attributed = attribution(options, used)
    return Start(trainer, sampler, folder, record, spent_s, *attributed, len(used))


def _shape(options: TrainingOptions) -> Shape:
    preset = PRESETS[options.preset]
    if options.source is None:
        return shape_of(preset, options.size)
    return shape_of_network(options.source, preset, options.size)


def _prepared(
    options: TrainingOptions,
    folder: Path,
    size: int,
    group: ProcessGroup,
    notify: Callable[[str], None],
) -> Ready[Report]:
    """Make the pictures ready, in the first process; the others find them in the cache."""
    if group.rank:
        group.wait()
    found = prepare(options.folder, folder / "ready", size, tiles=options.tiles, notify=notify)
    if not group.rank:
        group.wait()
    return found


def _settings(options: TrainingOptions) -> Settings:
    preset = PRESETS[options.preset]
    pictures, batch = options.pictures or preset.pictures, options.batch or preset.batch
    is_new = options.source is None
    return Settings(
        pictures, batch, preset.rates, options.seed, grows=is_new, frozen=options.frozen,
        warm_up=0 if is_new else 64, noisy=_is_noisy(options), wide=options.wide,
    )  # fmt: skip


def _is_noisy(options: TrainingOptions) -> bool:
    """Whether the generator has noise: as asked for, if the network begun with has any."""
    return options.noisy and (options.source is None or has_noise(card.load(options.source).state))


def resume(trainer: Trained, state: Path, record: dict[str, Any]) -> float:
    """Go on where a training was stopped; return how many seconds it took until then.

    Raises
    ------
    ValueError, OSError
        If the state is damaged, or was begun otherwise than `record` says.
    """
    tensors, numbers = checkpoint.read_state(state)
    was = numbers.get("start", {})
    for key, value in record.items():
        if _as_now(was.get(key), value) != value:
            what = "the pictures have changed" if key == "pictures" else f"other {key}"
            raise ValueError(
                f"{state}: this training was begun with something else ({what}); ask for the "
                "same as then, or choose another name"
            )
    try:
        trainer.load(tensors, numbers)
    except (KeyError, ValueError, RuntimeError) as error:
        raise ValueError(f"{state}: this state is damaged ({error})") from None
    return float(numbers["spent_s"])


def _as_now(was: Any, now: Any) -> Any:
    """Add to a record what was not yet written then, as it was."""
    if isinstance(was, dict) and isinstance(now, dict):
        return {key: value for key, value in _LATER.items() if key in now} | was
    return was


def attribution(options: TrainingOptions, used: Collection[Credit]) -> tuple[str, str, str]:
    """Return licence, data set and credits for a card: as asked for, else as the pictures say."""
    licences = sorted({one.licence for one in used if one.licence})
    credits_ = sorted({one.credit for one in used if one.credit})
    return (
        options.licence or "; ".join(licences) or "not said",
        options.data_set or options.folder.resolve().name,
        options.credit or "; ".join(credits_[:200]),
    )
