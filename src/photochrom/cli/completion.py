"""`photochrom completion`."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

VARIABLE = "_PHOTOCHROM_COMPLETE"
"""Set by the script when it asks what may follow; click answers under this name."""


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that lets a shell complete commands, options and file names.

    \b
    bash: add to ~/.bashrc:  eval "$(photochrom completion bash)"
    zsh:  add to ~/.zshrc:   eval "$(photochrom completion zsh)"
    fish: photochrom completion fish > ~/.config/fish/completions/photochrom.fish
    """  # noqa: D301 (click's mark for lines that stay as they are)
    from photochrom.cli.main import group

    maker = get_completion_class(shell)
    if maker is not None:
        click.echo(maker(group, {}, "photochrom", VARIABLE).source())
