"""What a program that is run offline fails with, told without the frames of what runs it."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pulumi

from ..spec.model import TrainstackError
from .project import Project


@contextmanager
def failures_of(project: Project) -> Iterator[None]:
    """Turns every exception of the project's program into a `TrainstackError`."""
    try:
        yield
    except pulumi.ConfigMissingError as error:
        key = error.key.removeprefix(f"{project.name}:")
        raise TrainstackError(f"{error.key}: not set; say --config {key}=…") from None
    except pulumi.RunError as error:
        raise TrainstackError(str(error)) from None
    except Exception as error:
        raise TrainstackError(_told(error, project.program)) from None


def _told(error: Exception, program: Path) -> str:
    """The traceback with the program's own frames."""
    folder = program.absolute().parent
    whole = traceback.TracebackException.from_exception(error)
    own = [frame for frame in whole.stack if _is_own(Path(frame.filename), folder)]
    frames = ["Traceback (most recent call last):\n", *traceback.format_list(own)] if own else []
    text = "".join([*frames, *whole.format_exception_only()])
    return f"{program} failed\n{text.rstrip()}"


def _is_own(file: Path, folder: Path) -> bool:
    return file.is_relative_to(folder) and "site-packages" not in file.parts
