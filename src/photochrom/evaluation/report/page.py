"""The report as one HTML page that needs nothing but itself: no network, no folder beside it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final

from photochrom.errors import UnreadableImage
from photochrom.evaluation.atomic import write_atomically

SCRIPTS: Final = (
    "dom.js",
    "format.js",
    "data.js",
    "table.js",
    "figures.js",
    "pairs.js",
    "scales.js",
    "charts.js",
    "properties.js",
    "plots.js",
    "compare.js",
    "pictures.js",
    "files.js",
    "page.js",
)
"""ES modules; each imports only from those above it, so that joined in this order they are one."""

_MEDIA_TYPES: Final = {".webp": "image/webp", ".png": "image/png", ".jpg": "image/jpeg"}
_IMPORT: Final = re.compile(r'^import \{([^}]*)\} from "\./([^"]+)";$', re.MULTILINE)
_EXPORT: Final = re.compile(r"^export (function|const) (\w+)", re.MULTILINE)
_SLOT: Final = re.compile(r"\{\{(\w+)\}\}")


def write_page(report: Mapping[str, Any], out: Path) -> Path:
    """Write OUT/index.html and return its path; the same report gives the same bytes.

    report: as OUT/report.json has it, without NaN (ValueError)
    out: the folder that the paths under "shown" begin in; WebP, PNG or JPEG

    Raises UnreadableImage for a picture that is not there, UnwritableOutput.
    """
    style, script = _source("style.css").strip(), _script()
    parts = {
        "policy": _policy(style, script),
        "style": style,
        "report": _json(report),
        "pictures": _json(_pictures(report, out)),
        "script": script,
    }
    # One pass, so that what stands in a report is never taken for a slot.
    page = _SLOT.sub(lambda slot: parts[slot[1]], _source("page.html"))
    target = out / "index.html"
    # Half a character in a file's name becomes its escape, which is what JSON has for it too.
    write_atomically(target, page.encode(errors="backslashreplace"))
    return target


def _source(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _script() -> str:
    """All modules as one, since a page from a file may not load any beside it."""
    return "\n".join(["const modules = {};", *(_closed(name) for name in SCRIPTS)])


def _closed(name: str) -> str:
    """A module as a function: what it imports is taken from those above, what it exports is kept."""
    module = _source(name)
    exported = ", ".join(match[2] for match in _EXPORT.finditer(module))
    body = _EXPORT.sub(r"\1 \2", _IMPORT.sub(r'const {\1} = modules["\2"];', module)).strip()
    return f'modules["{name}"] = (() => {{\n{body}\nreturn {{ {exported} }};\n}})();'


def _policy(style: str, script: str) -> str:
    """The page's own promise to the browser: this style, this script, pictures within; nothing else.

    Source: W3C, "Content Security Policy Level 3", hash sources.
    """
    allowed = {"default-src": "'none'", "img-src": "data:"}
    allowed |= {"style-src": _hash(style), "script-src": _hash(script)}
    allowed |= {"base-uri": "'none'", "form-action": "'none'"}
    return "; ".join(f"{name} {source}" for name, source in allowed.items())


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _json(value: object) -> str:
    """JSON that cannot end the element it stands in, whatever a file is called."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _pictures(report: Mapping[str, Any], out: Path) -> dict[str, Any]:
    """{"data": [data URI…], "at": {path: index}}: files with the same bytes are there once."""
    data: dict[str, int] = {}
    at: dict[str, int] = {}
    for path in _paths(report):
        if path not in at:
            at[path] = data.setdefault(_data_uri(out / path), len(data))
    return {"data": list(data), "at": at}


def _paths(report: Mapping[str, Any]) -> Iterator[str]:
    for shown in report.get("shown", ()):
        yield from shown["images"].values()
        yield from shown.get("errors", {}).values()


def _data_uri(file: Path) -> str:
    if file.suffix not in _MEDIA_TYPES:
        raise UnreadableImage(file, f"a page shows {', '.join(_MEDIA_TYPES)}")
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UnreadableImage(file, error.strerror) from error
    return f"data:{_MEDIA_TYPES[file.suffix]};base64,{base64.b64encode(content).decode()}"
