"""Options made from ColorizeOptions."""

import dataclasses
import inspect
import typing

import click
import pytest

from photochrom.cli.colorize import colorize
from photochrom.cli.options import FormatName, colorize_settings
from photochrom.errors import BadOption
from photochrom.images.formats import FORMATS
from photochrom.inference.pipeline import ColorizeOptions


def test_the_settings_are_the_fields_of_the_dataclass():
    hints = typing.get_type_hints(ColorizeOptions)
    fields = dataclasses.fields(ColorizeOptions)
    assert [setting.name for setting in colorize_settings()] == [field.name for field in fields]
    for setting, field in zip(colorize_settings(), fields, strict=True):
        assert setting.default == field.default
        assert setting.kind in (hints[field.name], *typing.get_args(hints[field.name]))
        below = inspect.getsource(ColorizeOptions).partition(f"    {field.name}: ")[2].splitlines()[1]
        assert below.strip() == f'"""{setting.help}"""'


def test_each_setting_is_an_option_with_its_help():
    options = {param.name: param for param in colorize.params}
    for setting in colorize_settings():
        assert options[setting.name].help == setting.help


RANGED = [setting for setting in colorize_settings() if setting.kind is not bool]


@pytest.mark.parametrize("setting", RANGED, ids=lambda setting: setting.name)
def test_a_value_out_of_range_is_wrong_usage(call, here, setting):
    with pytest.raises(BadOption):
        ColorizeOptions(**{setting.name: setting.kind(-1)})
    done = call("a.jpg", f"--{setting.name}", "-1")
    assert done.exit_code == 2
    assert f"--{setting.name}: must lie in" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_formats_by_name_and_suffix():
    kind = FormatName()
    for word in ("jpg", ".jpg", "JPEG", "jpeg"):
        assert kind.convert(word, None, None) is FORMATS["jpeg"]
    for word in ("gif", "doc", ""):
        with pytest.raises(click.BadParameter):
            kind.convert(word, None, None)


def test_the_help_of_format_names_all_that_can_be_written():
    text = next(param.help for param in colorize.params if param.name == "form")
    for row in FORMATS.values():
        assert (row.suffixes[0].lstrip(".") in text.partition(". Without")[0]) == (row.saver is not None)
