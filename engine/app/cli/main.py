"""The command line: thin; every command imports what it needs when it is called."""

from __future__ import annotations

import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from engine import __version__
from engine.app.cli.arguments import (
    DEVICE,
    DURATION,
    FILE,
    OUTPUT,
    RATE,
    SECONDS,
    SIZE,
    begun,
    end_s,
    film_options,
    opened,
    sound_options,
    take_options,
)
from engine.app.cli.directions import directions, teach
from engine.app.cli.errors import finishes
from engine.app.cli.midi import midi
from engine.app.cli.models import model
from engine.app.cli.studies import archive, bend, invert, latent_map
from engine.app.cli.takes import conform, gather, proxy, take
from engine.app.cli.train import train
from engine.app.setup.streams import make_safe


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="latent-cinema")
def cli() -> None:
    """Play a neural image generator like an instrument."""


@cli.command()
@click.argument("show", default="default")
@click.option(
    "--save-show", type=FILE, help="Write the show around a shader, network, picture or film here."
)
@click.option(
    "--output", "outputs", type=OUTPUT, multiple=True,
    help="window, null, FILE.mp4 or FILE-%05d.png; several times for several.",
)  # fmt: skip
@click.option("--size", "size_px", type=SIZE, help="Canvas, instead of the show's.")
@click.option("--fps", type=RATE, help="Frames per second: 50, 59.94, 60…")
@click.option("--seed", type=click.IntRange(0, 2**31), help="Instead of the show's.")
@click.option("--windowed", "is_windowed", is_flag=True, help="Start in a window.")
@click.option("--monitor", help="Name of the monitor, a part of it, or its number from 0.")
@click.option(
    "--operator", metavar="MONITOR", help="Where your own window opens, for keys, help and meters."
)
@click.option("--osc", help="HOST:PORT to listen on (127.0.0.1:9000); port 0: any free.")
@click.option("--osc-allow", multiple=True, help="Address or network that may send; repeatable.")
@click.option(
    "--feedback", multiple=True, help="HOST:PORT that is sent every change by OSC; may be repeated."
)
@click.option("--dmx", multiple=True, help="HOST[:PORT] that outputs may send to; may be repeated.")
@click.option("--link", is_flag=True, help="Join the Ableton Link session of this network.")
@click.option("--oscquery", help="HOST:PORT on which controllers find and follow what there is.")
@click.option("--midi", help="Name of the MIDI device (a part is enough), 'auto' (all) or 'off'.")
@click.option("--audio", help="Sound device (name or number), sound file, or 'off'.")
@sound_options
@click.option("--take", type=FILE, help="Record into this new folder.")
@click.option("--plan", type=FILE, help="Write every tick's values and latents (.npz).")
@click.option("--duration", type=DURATION, help="Stop after that time.")
@click.option("--stats", type=FILE, help="Write figures of the run (JSON).")
@click.option("--ready", type=FILE, help="Write pid and ports after the first picture (JSON).")
@click.option("--demo", "is_demo", is_flag=True, help="Play the built-in music.")
@click.option("--device", type=DEVICE, default="auto", help="Where the generators run.")
@finishes(on_interrupt=0)
def play(save_show: Path | None, duration: Fraction | None, **given: Any) -> int:
    """Play SHOW live: a file, the name of a shipped show, a shader, network, picture or film."""
    from engine.documents.show import bare_file, load
    from engine.play.live.options import Options
    from engine.play.live.player import play as run

    duration_s = None if duration is None else float(duration)
    options = Options(audio_gain_db=given.pop("audio_gain"), duration_s=duration_s, **given)
    if save_show is not None:
        bare_file.save_around(load.find_show(options.show), save_show)
        options = replace(options, show=str(save_show))
    return run(options)


@cli.command()
@click.argument("source", metavar="SHOW_OR_TAKE")
@click.argument("out", type=FILE)
@film_options
@click.option("--hashes", type=FILE, help="Write SHA-256 of every frame before encoding.")
@click.option("--codec", type=click.Choice(["h264", "h265"]), default="h264")
@click.option("--crf", type=click.IntRange(0, 51), default=16, help="Quality; lower is better.")
@click.option("--preset", default="medium", help="x264's name for effort.")
@click.option("--bits", type=click.Choice(["8", "10"]), default="8", help="Of a film's samples.")
@click.option("--device", type=DEVICE, default="auto", help="Where the generators run.")
@click.option(
    "--start-number", type=click.IntRange(0, 10**9), default=0, help="Of the first picture of PNGs."
)
@finishes()
def export(**given: Any) -> None:
    """Render a film: OUT is .mp4, .mov, .mkv or name-%05d.png."""
    from engine.play.film.export import render
    from engine.play.film.job import Job

    playback = opened(given)
    job = Job(
        given["out"], given["size"], given["fps"], given["from_s"], end_s(given),
        given["hashes"], given["codec"], given["crf"], given["preset"], given["device"],
        given["start_number"], bits=int(given["bits"]),
    )  # fmt: skip
    render(playback, begun(given, playback, job), sys.stderr)


@cli.command()
@click.argument("source", metavar="SHOW_OR_TAKE")
@click.option("--out", type=FILE, required=True, help="The .npz to write.")
@click.option("--audio", type=FILE, help="Sound file that the show hears.")
@sound_options
@click.option("--demo", is_flag=True, help="Use the built-in music.")
@click.option("--seed", type=click.IntRange(0, 2**31), help="Instead of the show's.")
@click.option("--from", "from_s", type=SECONDS, default="0", help="Start there.")
@click.option("--fps", type=RATE, help="One row per frame at this rate, instead of per tick.")
@click.option("--frames", type=click.IntRange(1), help="Rows, with --fps.")
@click.option("--ticks", type=click.IntRange(1), help="Rows, without --fps.")
@take_options
@finishes()
def plan(**given: Any) -> None:
    """Write control values and latents, no pixels."""
    from engine.play.film.plan import write_plan

    if (given["frames"] is not None) and given["fps"] is None:
        raise click.UsageError("--frames needs --fps R")
    extent = (given[name] for name in ("from_s", "fps", "frames", "ticks"))
    write_plan(opened(given), given["out"], *extent)


@cli.group()
def shader() -> None:
    """ISF shaders."""


@shader.command("check")
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--json", "as_json", is_flag=True)
@click.option("--size", type=SIZE, default="320x180")
@click.option("--out", type=FILE, help="Folder for a picture of each.")
@finishes()
def check_shaders(**given: Any) -> int:
    """Compile and draw every shader, report each."""
    from engine.app.inspect import check

    return check(given["files"], given["size"], given["out"], given["as_json"])


@cli.group()
def show() -> None:
    """Show files."""


@show.command("lint")
@click.argument("show", default="default")
@click.option("--json", "as_json", is_flag=True)
@finishes()
def lint_show(show: str, as_json: bool) -> int:
    """Name the routes and macros of SHOW that are dead, fight each other or are clipped."""
    from engine.app.inspect import lint

    return lint(show, as_json)


@cli.group()
def audio() -> None:
    """Sound."""


@audio.command("analyse")
@click.argument("file", type=FILE)
@sound_options
@click.option("--json", "as_json", is_flag=True)
@finishes()
def analyse(file: Path, audio_channel: int | None, audio_gain: float | None, as_json: bool) -> int:
    """Run the live analyser over a file: features and onsets with their times."""
    from engine.app.inspect import analyse as run

    return run(file, (audio_channel or 0, audio_gain or 0.0), as_json)


@cli.command()
@click.option("--json", "as_json", is_flag=True)
@finishes()
def devices(as_json: bool) -> int:
    """List what is here: monitors, sound and MIDI devices, GPUs."""
    from engine.app.setup.doctor import run_devices

    return run_devices(as_json)


@cli.command()
@click.option("--json", "as_json", is_flag=True)
@click.option("--warm", is_flag=True, help="Compile ahead what networks on the CPU need.")
@click.option("--gpu", is_flag=True, help="Try out everything that needs an NVIDIA GPU.")
@click.option("--dry", is_flag=True, help="With --gpu: the same on the CPU, tiny.")
@click.option(
    "--out", type=click.Path(path_type=Path), default="gpu-check.json",
    help="With --gpu: the file that it writes.",
)  # fmt: skip
@finishes()
def doctor(as_json: bool, warm: bool, gpu: bool, dry: bool, out: Path) -> int:
    """Find what is wrong, with the line that mends it."""
    if gpu:
        from engine.app.setup.gpu import run as try_gpu

        return try_gpu(dry, as_json, out)
    from engine.app.setup.doctor import run

    return run(as_json, warm)


@cli.command()
@click.option("--json", "as_json", is_flag=True)
@click.option("--show", default="default")
@click.option("--size", type=SIZE, default="640x360")
@click.option("--duration", type=DURATION, default="10")
@finishes()
def bench(as_json: bool, show: str, size: tuple[int, int], duration: Fraction) -> int:
    """Measure this machine: CPU ms per frame for each stage."""
    from engine.app.inspect import bench as run

    return run(show, size, float(duration), as_json)


@cli.command("addresses")
@click.argument("show", default="default")
@click.option("--json", "as_json", is_flag=True)
@finishes()
def list_addresses(show: str, as_json: bool) -> int:
    """List every address that SHOW answers to: by OSC, from keys, routes and cues."""
    from engine.app.inspect import list_addresses as run

    return run(show, as_json)


@cli.command(context_settings={"ignore_unknown_options": True})
@click.argument("address")
@click.argument("values", nargs=-1)
@click.option("--to", default="127.0.0.1:9000", help="HOST:PORT of the show: 127.0.0.1:9000.")
@click.option("--text", "is_text", is_flag=True, help="Numbers are text, too.")
@finishes()
def send(address: str, values: tuple[str, ...], to: str, is_text: bool) -> int:
    """Send one OSC message to a show that plays; without VALUES it fires a trigger."""
    from engine.app.send import run

    return run(address, values, to, is_text)


@cli.command("credits")
@click.argument("source", metavar="SHOW_OR_MODEL", required=False)
@click.option("--json", "as_json", is_flag=True)
@finishes()
def credit(source: str | None, as_json: bool) -> int:
    """Say where everything comes from: the engine, or the parts of a show or model."""
    from engine.app.credits import run

    return run(source, as_json)


for command in (
    archive, bend, gather, invert, latent_map, directions, teach, midi, model, proxy, conform, take,
    train,
):  # fmt: skip
    cli.add_command(command)


def main() -> None:
    """Entry point."""
    make_safe()
    cli(prog_name="latent-cinema")


if __name__ == "__main__":
    main()
