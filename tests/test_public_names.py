"""The public names are a list, and each can be had."""

import pickle

import pytest

import photochrom
from photochrom import errors

PUBLIC = [
    "BadModel",
    "BadOption",
    "ColorizeOptions",
    "Colorizer",
    "Hints",
    "ImageTooLarge",
    "InputError",
    "MissingExtra",
    "ModelError",
    "ModelNotFound",
    "OutputError",
    "OutputExists",
    "PhotochromError",
    "Result",
    "UnreadableImage",
    "UnsupportedFormat",
    "UnwritableOutput",
    "__version__",
    "colorize",
    "palette_of",
    "save_sheet",
]
ALL_ERRORS = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, errors.PhotochromError)
]


def test_the_public_names_are_these():
    assert sorted(photochrom.__all__) == PUBLIC
    assert set(PUBLIC) <= set(dir(photochrom))


@pytest.mark.parametrize("name", PUBLIC)
def test_each_name_can_be_had(name):
    assert getattr(photochrom, name) is not None


def test_other_names_are_refused_as_usual():
    with pytest.raises(AttributeError, match="'colourise'"):
        photochrom.colourise  # noqa: B018 - the look-up is the test


def test_the_tree_in_the_docstring_is_the_tree():
    drawn = [line.split("─ ")[1].split()[0] for line in errors.__doc__.splitlines() if "─ " in line]
    assert sorted(drawn) == sorted(error.__name__ for error in ALL_ERRORS[1:])


@pytest.mark.parametrize("error", ALL_ERRORS)
def test_every_error_is_one_line_and_travels_between_processes(error):
    raised = error("holiday\n1936.jpg", "went\n wrong\tat byte 7 \x1b[31m")
    for each in (raised, pickle.loads(pickle.dumps(raised))):
        assert type(each) is error
        assert len(str(each).splitlines()) == 1
        assert str(each).isprintable()
        assert "went wrong at byte 7" in str(each)
        assert str(each) == str(raised)


def test_errors_are_also_of_the_plain_kinds():
    assert issubclass(errors.InputError, ValueError)
    assert issubclass(errors.OutputError, OSError)
    assert issubclass(errors.MissingExtra, ImportError)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (errors.UnreadableImage("a.jpg", "is empty"), "a.jpg: is empty"),
        (errors.UnreadableImage("a.jpg"), "a.jpg: cannot be read as an image"),
        (errors.OutputExists("b.png"), "b.png: already exists; nothing was overwritten"),
        (errors.Diverged("the loss is no number"), "the loss is no number"),
        (
            errors.MissingExtra("heic"),
            'the heic part of photochrom needs more packages: pip install "photochrom[heic]"',
        ),
        (
            errors.MissingExtra("heic", "reading HEIC"),
            'reading HEIC needs more packages: pip install "photochrom[heic]"',
        ),
    ],
)
def test_what_an_error_says(error, line):
    assert str(error) == line
