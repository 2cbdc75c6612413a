"""Exit codes: what goes wrong in a command is one sentence and a code."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import click

USAGE, NO_DEVICE, BAD_SHOW, INTERRUPTED = 2, 69, 78, 130


def finish(work: Callable[[], int], on_interrupt: int = INTERRUPTED) -> int:
    """Do a command's work; turn what goes wrong into one sentence and an exit code."""
    from engine.system.interrupts import as_exceptions

    try:
        with as_exceptions():
            return _judge(work)
    except KeyboardInterrupt:
        return on_interrupt


def finishes(on_interrupt: int = INTERRUPTED) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """End a command by `finish`: what its function returns is the exit code, nothing is 0."""

    def decorate(work: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(work)
        def command(*given: Any, **named: Any) -> None:
            sys.exit(finish(lambda: work(*given, **named) or 0, on_interrupt))

        return command

    return decorate


def _judge(work: Callable[[], int]) -> int:
    from engine.documents.show.load import ShowError
    from engine.documents.take.content_store import TakeError

    try:
        return work()
    except (ShowError, TakeError) as error:
        return _fail(str(error), BAD_SHOW)
    except ValueError as error:
        return _fail(str(error), USAGE)
    except (FileNotFoundError, FileExistsError, PermissionError, NotADirectoryError) as error:
        return _fail(_sentence(error), USAGE)
    except OSError as error:
        return _fail(_sentence(error), NO_DEVICE)


def _sentence(error: OSError) -> str:
    if error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _fail(text: str, code: int) -> int:
    click.echo(f"latent-cinema: {text}", err=True)
    return code


class Misused(click.ClickException):
    """What was asked for makes no sense; unlike a usage error it is one sentence."""

    exit_code = 2


@contextmanager
def one_sentence() -> Iterator[None]:
    """Say in one sentence what went wrong; what is not there, or does not fit, is wrong usage."""
    from engine.lab.latents import WrongLatentsError

    try:
        yield
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except (ValueError, OSError) as error:
        text = " ".join(str(error).split())
        if isinstance(error, OSError) and error.filename and error.strerror:
            text = f"{error.filename}: {error.strerror}"
        elif isinstance(error, FileNotFoundError | WrongLatentsError):
            raise Misused(text) from None
        raise click.ClickException(text) from None


def note(text: str) -> None:
    """Say something on the side; nothing if there is nothing to say."""
    if text:
        click.echo(f"note: {text}", err=True)
