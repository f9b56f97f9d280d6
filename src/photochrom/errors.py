"""Every exception that Photochrom raises on purpose.

    PhotochromError                        anything below; str() is one line: what, then why
    ├── InputError           ValueError    the caller's picture or option is at fault
    │   ├── UnreadableImage                not an image, truncated, empty, or refused by its decoder
    │   ├── ImageTooLarge                  over the limit on bytes, pixels or side
    │   ├── UnsupportedFormat              cannot be written in the format that was asked for
    │   └── BadOption                      a value outside its range
    ├── OutputError          OSError       the result cannot be put where it should go
    │   ├── OutputExists                   something is there already
    │   └── UnwritableOutput               disk full, no permission, no such folder
    ├── ModelError                         a model file is at fault
    │   ├── ModelNotFound                  no model of that name
    │   ├── BadModel                       checksum, card and graph do not agree
    │   └── MissingBackbone                a metric's network is not prepared; names the command
    ├── TrainingError                      a training run cannot start or go on
    │   ├── BadConfig                      a recipe that contradicts itself, or an unknown key
    │   ├── NoPictures                     nothing to train on
    │   └── Diverged                       the loss is no longer a number
    └── MissingExtra         ImportError   an optional package is not installed; names the command

They know nothing of exit codes or of HTTP; the plain kinds beside them are inherited too, so that
`except ValueError` works for people who have never read this file.
"""

from __future__ import annotations

from os import PathLike
from typing import ClassVar


class PhotochromError(Exception):
    """The root: `subject` is the file, option or model at fault, `reason` says what is wrong.

    `str()` is one printable line, "subject: reason", or the subject alone where a class has no
    reason to add. Foreign messages may span lines and names may hold control characters; both are
    flattened, so that the line can be shown on a terminal or logged as it is. Pickles.
    """

    default_reason: ClassVar[str | None] = None

    def __init__(self, subject: str | PathLike[str], reason: str | None = None) -> None:
        self.subject = _one_line(str(subject))
        self.reason = None if reason is None else _one_line(reason)
        super().__init__(str(self))
        # OSError and ImportError read meaning into several arguments, so the base gets one; the
        # arguments kept are ours, because unpickling calls the class with them.
        self.args = (self.subject, self.reason)

    def __str__(self) -> str:
        reason = self.reason or self.default_reason
        return self.subject if reason is None else f"{self.subject}: {reason}"


class InputError(PhotochromError, ValueError):
    """What the caller gave cannot be used."""


class UnreadableImage(InputError):
    """A file that cannot be decoded: not an image, truncated, or empty."""

    default_reason = "cannot be read as an image"


class ImageTooLarge(InputError):
    """A picture over the limit on bytes, pixels or side, refused before it is decoded."""

    default_reason = "larger than the limits allow"


class UnsupportedFormat(InputError):
    """A result that cannot be written in the format asked for."""

    default_reason = "this format cannot be written"


class BadOption(InputError):
    """An option whose value is outside its range; the subject is the option's name."""


class OutputError(PhotochromError, OSError):
    """The result cannot be put where it should go."""


class OutputExists(OutputError):
    """A result that would take the place of something, without leave to."""

    default_reason = "already exists; nothing was overwritten"


class UnwritableOutput(OutputError):
    """A target that cannot be written: disk full, no permission, no such folder."""

    default_reason = "cannot be written"


class ModelError(PhotochromError):
    """A model cannot be used."""


class ModelNotFound(ModelError):
    """No model of that name; the subject is the name."""

    default_reason = "no model of this name"


class BadModel(ModelError):
    """A model file whose checksum, card and graph do not agree."""

    default_reason = "checksum, card and graph do not agree"


class MissingBackbone(ModelError):
    """The network that a metric looks through is not there; the subject is its name or its file."""

    default_reason = 'is not prepared; "photochrom metrics prepare" does so once and for all'


class TrainingError(PhotochromError):
    """A training run cannot start or cannot go on."""


class BadConfig(TrainingError):
    """A recipe that contradicts itself, has an unknown key or a value outside its range."""


class NoPictures(TrainingError):
    """A source that holds no picture fit for training."""

    default_reason = "holds no picture to train on"


class Diverged(TrainingError):
    """A loss that is no longer a number."""


class MissingExtra(PhotochromError, ImportError):
    """An optional part of Photochrom is not installed; `str()` names the command that adds it.

    `extra` is the name in the brackets of the pip command, `purpose` what it was wanted for.
    """

    def __init__(self, extra: str, purpose: str | None = None) -> None:
        super().__init__(extra, purpose)

    def __str__(self) -> str:
        wanted = self.reason or f"the {self.subject} part of photochrom"
        return f'{wanted} needs more packages: pip install "photochrom[{self.subject}]"'


def _one_line(text: str) -> str:
    """`text` with runs of white space as one space and unprintable characters as U+FFFD."""
    flat = " ".join(text.split())
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in flat)
