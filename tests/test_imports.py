"""What is imported when: start-up stays light, and running needs nothing that only training needs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import photochrom

ROOT = Path(photochrom.__file__).parent
HEAVY = {"numpy", "pyvips", "onnxruntime", "torch"}
# Installed by extras alone.
EXTRAS_ONLY = ("torch", "lightning_fabric", "onnx", "safetensors", "PIL", "scipy", "skimage", "colour")
EXTRAS_ONLY += ("av", "cv2")
TRAINING_PACKAGES = {"networks", "datasets", "training"}


def modules_after(code):
    """The top-level modules that a fresh interpreter has imported after running `code`."""
    program = f"{code}\nimport sys, json\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


def runtime_modules():
    """The names of all modules of the package but those that need the extra `train`."""
    for file in sorted(ROOT.rglob("*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        if parts[0] not in TRAINING_PACKAGES and parts != ("__main__",):
            yield ".".join(["photochrom", *parts]).removesuffix(".__init__")


def test_the_package_itself_loads_next_to_nothing():
    loaded = modules_after("import photochrom; photochrom.__version__; dir(photochrom)")
    assert not loaded & (HEAVY | {"click", "rich"})


def test_errors_are_light():
    assert not modules_after("from photochrom import PhotochromError, UnreadableImage") & HEAVY


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_load_click_and_nothing_heavy(option):
    loaded = modules_after(
        f"import sys; sys.argv = ['photochrom', {option!r}]\n"
        "from photochrom.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code"
    )
    assert "click" in loaded
    assert not loaded & HEAVY


def test_color_needs_numpy_alone():
    modules = [name for name in runtime_modules() if name.startswith("photochrom.color")]
    loaded = modules_after("import " + ", ".join(modules))
    assert not loaded & {"pyvips", "onnxruntime", "torch", "click", "rich", *EXTRAS_ONLY}


def test_every_runtime_module_imports_without_the_extras():
    modules = list(runtime_modules())
    assert "photochrom.inference.pipeline" in modules
    loaded = modules_after(
        "import importlib, sys\n"
        f"sys.modules.update(dict.fromkeys({EXTRAS_ONLY!r}))\n"
        f"for name in {modules!r}:\n    importlib.import_module(name)\n"
        f"for name in {EXTRAS_ONLY!r}:\n    del sys.modules[name]"
    )
    assert not loaded & set(EXTRAS_ONLY)


def test_every_folder_of_the_package_is_a_package():
    folders = {file.parent for file in ROOT.rglob("*.py")}
    assert sorted(folder.name for folder in folders if not (folder / "__init__.py").exists()) == []
