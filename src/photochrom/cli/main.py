"""The group and the list of its commands. A command is imported when it is used, not before."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

import click
from click.shell_completion import CompletionItem

from photochrom import __version__
from photochrom.cli.console import INTERRUPTED, VERBOSE, unexpected
from photochrom.errors import BadOption, ModelNotFound, PhotochromError

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "colorize": ("photochrom.cli.colorize:colorize", "Colour photographs; the word may be left out."),
    "models": ("photochrom.cli.models:models", "List the models there are."),
    "doctor": ("photochrom.cli.doctor:doctor", "Say what works here, how fast, and what is missing."),
    "evaluate": ("photochrom.cli.evaluate:evaluate", "Measure a model on pictures whose colours are known."),
    "evaluate-films": ("photochrom.cli.films:films", "Measure how well and how steadily films are coloured."),
    "metrics": ("photochrom.cli.metrics:metrics", "List what is measured, and prepare what that needs."),
    "bench": ("photochrom.cli.bench:bench", "Measure speed and memory beside decoding and encoding alone."),
    "train": ("photochrom.cli.train:train", "Train a network."),
    "recipes": ("photochrom.cli.recipes:recipes", "List what can be trained, and every setting of it."),
    "pretrained": ("photochrom.cli.pretrained:pretrained", "Fetch weights that some networks begin from."),
    "export": ("photochrom.cli.export:export", "Turn a training run into a model."),
    "data": ("photochrom.cli.data:data", "Prepare pictures for training."),
    "completion": ("photochrom.cli.completion:completion", "Print the script for completion in a shell."),
}
"""Name → where it is, and a line for the list in --help."""


class Commands(click.Group):
    """The commands of COMMANDS; where the first word is none of them, `colorize`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        """Names in the order of COMMANDS."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list in --help, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `colorize` before words that do not begin with a command or one of our own options."""
        own = {option for param in self.get_params(ctx) for option in param.opts}
        if args and args[0] not in COMMANDS and args[0] not in own:
            if not ctx.resilient_parsing:
                _refuse_misspelt(args[0])
            args = ["colorize", *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands, or else files, since `photochrom PATH` is a command too."""
        names = [name for name in COMMANDS if name.startswith(incomplete)]
        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        if names:
            return [CompletionItem(name, help=COMMANDS[name][1]) for name in names]
        return [CompletionItem(incomplete, type="file")]

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command. Whatever it raises becomes one line on stderr and an exit code."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise  # click ends these well: a closed pipe quietly
        except (BadOption, ModelNotFound) as error:
            subject = "model" if isinstance(error, ModelNotFound) else error.subject
            raise click.UsageError(f"--{subject}: {error.reason or error}") from error
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(INTERRUPTED)
        except PhotochromError as error:
            click.echo(str(error), err=True)
            ctx.exit(1)
        except Exception as error:  # noqa: BLE001 (the last door: nobody is to meet a traceback unasked)
            verbose = bool(ctx.meta.get(VERBOSE))
            click.echo(unexpected(ctx.invoked_subcommand or "photochrom", error, verbose=verbose), err=True)
            ctx.exit(1)


def _refuse_misspelt(word: str) -> None:
    """Take `model` for a misspelt `models` rather than for a file, unless there is such a file."""
    if word.startswith("-") or not word.isalpha() or os.path.lexists(word):
        return
    import difflib

    near = difflib.get_close_matches(word, COMMANDS, n=1)
    if near:
        raise click.UsageError(f"There is no file and no command {word!r}. Did you mean {near[0]!r}?")


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 all went well, 1 something failed, 2 wrong usage, 130 interrupted (143 by kill).",
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def group() -> None:
    """Colour black-and-white photographs.

    `photochrom PATH…` is short for `photochrom colorize PATH…`. A file that is named like a command
    is given as ./models.
    """


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and exit."""
    group.main(args=args, prog_name="photochrom")
