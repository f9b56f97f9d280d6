"""The reference of the command line as Markdown: `python -m photochrom.cli.reference > docs/cli.md`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from photochrom.cli.main import group

_TOP = """\
# Command line

Made from the program itself by `python -m photochrom.cli.reference > docs/cli.md`; a test keeps it current.
"""


def markdown() -> str:
    """One section a command, in the order of COMMANDS: usage, what it does, arguments and options."""
    return "\n".join(
        [_TOP, *_section(group, click.Context(group, info_name="photochrom", **group.context_settings))]
    )


def _section(command: click.Command, ctx: click.Context) -> Iterator[str]:
    usage = " ".join(command.collect_usage_pieces(ctx))
    yield f"## `{ctx.command_path}`\n"
    yield f"```\n{ctx.command_path} {usage}\n```\n"
    yield _prose(command.help or "")
    yield "| option | |\n|---|---|"
    for param in command.params:
        if isinstance(param, click.Option):
            yield f"| `{_cell(_names(param))}` | {_cell(_meaning(param))} |"
    yield f"| `{', '.join(ctx.help_option_names)}` | Show this message and exit. |"
    yield ""
    if command.epilog:
        yield f"{command.epilog}\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(ctx):
            inner = command.get_command(ctx, name)
            if inner is not None:
                yield from _section(inner, click.Context(inner, info_name=name, parent=ctx))


def _prose(text: str) -> str:
    """Help text as Markdown: click's mark for lines that stay as they are becomes a code block."""
    parts = []
    for part in inspect.cleandoc(text).split("\n\n"):
        kept = part.startswith("\b\n")
        parts.append(f"```sh\n{part[2:]}\n```" if kept else part)
    return "\n\n".join(parts) + "\n"


def _names(option: click.Option) -> str:
    """The option with its metavar, written here since click's own way differs between its versions."""
    names = ", ".join([*option.opts, *option.secondary_opts])
    if option.is_flag or option.is_eager:
        return names
    if option.metavar is not None:
        return f"{names} {option.metavar}"
    if isinstance(option.type, click.Choice):
        return f"{names} {'|'.join(map(str, option.type.choices))}"
    return f"{names} {'TEXT' if option.type is click.STRING else 'N'}"


def _meaning(option: click.Option) -> str:
    default = option.show_default if isinstance(option.show_default, str) else option.default
    shown = f" Default: {default}." if option.show_default and option.default is not None else ""
    return f"{option.help or ''}{shown}".strip()


def _cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", r"\|")


if __name__ == "__main__":
    click.echo(markdown(), nl=False)
