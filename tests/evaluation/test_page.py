from __future__ import annotations

import base64
import copy
import hashlib
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from photochrom.errors import UnreadableImage, UnwritableOutput
from photochrom.evaluation.report import page
from photochrom.evaluation.report.page import SCRIPTS, write_page

FOLDER = Path(page.__file__).parent
EVIL = "</script><img src=x onerror=alert(1)><!-- {{style}} & \u2028 'photo'.jpg"
MINIMAL = {"format": 1, "photochrom": "0", "pictures": 1, "metrics": [], "rows": [], "files": []}
VOID = {"meta", "link", "img", "br", "input"}


class Parsed(HTMLParser):
    """What a browser would find: elements, what they refer to, and the text of each script and style."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.texts.append("")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in {"script", "style"}:
            self.texts[-1] += data

    def text_of(self, tag: str, **attributes: str) -> str:
        found = [
            text
            for (name, given), text in zip(self.elements, self.texts, strict=True)
            if name == tag and given.items() >= attributes.items()
        ]
        assert len(found) == 1
        return found[0]

    def names(self) -> list[str]:
        return [name for name, _ in self.elements]


def estimate(mean: float) -> dict[str, Any]:
    return {"mean": mean, "low": mean - 1, "high": mean + 1, "n": 2}


def full(name: str = "a.png") -> dict[str, Any]:
    """A small report with something in every part."""
    metric = {"name": "psnr", "title": "PSNR", "unit": "dB", "places": 2, "better": "higher"}
    row = {"kind": "model", "model": "ours", "vividness": 1.0, "gain": {"psnr": estimate(1.0)}}
    images = {"input": "shown/input.webp", "ours": "shown/ours.webp", "truth": "shown/truth.webp"}
    return {
        **MINIMAL,
        "command": f"photochrom evaluate --data {name}",
        "protocol": {"name": "crop256", "summary": "the middle"},
        "metrics": [{**metric, "summary": "error", "set": False}],
        "rows": [{**row, "name": "ours", "metrics": {"psnr": estimate(23.0)}}],
        "models": [{"name": "ours", "kind": "model", "about": {"bytes": 3}}],
        "files": [{"name": name, "sha256": "0" * 64, "values": {"ours": {"psnr": 23.0}}}],
        "failures": [{"file": name, "model": None, "reason": name}],
        "shown": [{"file": name, "why": [f"best {name}"], "images": images, "errors": {}}],
    }


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A report's folder with three pictures, of which two are the same."""
    (tmp_path / "shown").mkdir()
    for name, content in {"input": b"grey", "ours": b"colour", "truth": b"colour"}.items():
        (tmp_path / "shown" / f"{name}.webp").write_bytes(content * 5000)
    return tmp_path


def written(report: dict[str, Any], out: Path) -> Parsed:
    return Parsed(write_page(report, out).read_text(encoding="utf-8"))


def data_in(parsed: Parsed, name: str) -> Any:
    return json.loads(parsed.text_of("script", id=name))


def test_the_page_is_beside_the_report_and_holds_it(out: Path) -> None:
    assert write_page(full(), out) == out / "index.html"
    assert data_in(written(full(), out), "report-data") == full()
    assert sorted(file.name for file in out.iterdir()) == ["index.html", "shown"]


def test_a_page_of_almost_nothing_can_be_written(tmp_path: Path) -> None:
    parsed = written(MINIMAL, tmp_path)
    assert data_in(parsed, "report-data") == MINIMAL
    assert data_in(parsed, "picture-data") == {"data": [], "at": {}}


@pytest.mark.parametrize("report", [MINIMAL, full()], ids=["minimal", "full"])
def test_nothing_is_fetched(report: dict[str, Any], out: Path) -> None:
    parsed = written(report, out)
    referring = ("src", "href", "srcset", "action", "data", "poster", "background")
    referred = [given[key] for _, given in parsed.elements for key in referring if key in given]
    assert referred
    assert all(target is not None and target.startswith(("#", "data:")) for target in referred)
    style = parsed.text_of("style")
    assert "@import" not in style
    assert "url(" not in style


def test_the_policy_allows_this_style_and_this_script_alone(out: Path) -> None:
    parsed = written(full(EVIL), out)
    (policy,) = (given["content"] for _, given in parsed.elements if "http-equiv" in given)
    assert policy is not None
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    for rule, text in {
        "style-src": parsed.text_of("style"),
        "script-src": parsed.text_of("script", type="module"),
    }.items():
        assert rules[rule] == f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_a_file_name_stays_text(out: Path) -> None:
    parsed, harmless = written(full(EVIL), out), written(full(), out)
    assert data_in(parsed, "report-data") == full(EVIL)
    assert parsed.names() == harmless.names()
    assert "img" not in parsed.names()
    assert parsed.text_of("script", type="module") == harmless.text_of("script", type="module")


def test_a_name_that_is_no_text_is_its_escape(out: Path) -> None:
    report = full("b\udcffd.png")
    assert data_in(written(report, out), "report-data") == report


def test_the_same_report_gives_the_same_bytes(out: Path) -> None:
    first = write_page(full(), out).read_bytes()
    assert write_page(copy.deepcopy(full()), out).read_bytes() == first


def test_pictures_are_in_the_page_and_the_same_one_only_once(out: Path) -> None:
    pictures = data_in(written(full(), out), "picture-data")
    assert {path: pictures["data"][place] for path, place in pictures["at"].items()} == {
        f"shown/{name}.webp": "data:image/webp;base64," + base64.b64encode(content * 5000).decode()
        for name, content in {"input": b"grey", "ours": b"colour", "truth": b"colour"}.items()
    }
    assert len(pictures["data"]) == 2


def test_a_page_is_little_more_than_its_pictures_and_its_report(out: Path) -> None:
    report = full()
    report["shown"] *= 50
    report["files"] *= 1000
    pictures = 4 * (len(b"grey") + len(b"colour")) * 5000 / 3
    text = len(json.dumps(report, separators=(",", ":"), ensure_ascii=False).encode())
    assert write_page(report, out).stat().st_size < pictures + text + 120_000


def test_what_is_not_a_number_is_refused(out: Path) -> None:
    report = full()
    report["files"][0]["values"]["ours"]["psnr"] = float("nan")
    with pytest.raises(ValueError, match="JSON"):
        write_page(report, out)


def test_a_picture_that_is_missing_or_of_another_kind_is_named(out: Path) -> None:
    report = full()
    report["shown"][0]["errors"] = {"ours": "shown/gone.webp"}
    with pytest.raises(UnreadableImage, match=r"gone\.webp: No such file"):
        write_page(report, out)
    report["shown"][0]["errors"] = {"ours": "shown/drawing.svg"}
    with pytest.raises(UnreadableImage, match=r"drawing\.svg: a page shows \.webp"):
        write_page(report, out)


def test_a_page_that_cannot_be_written_is_named(out: Path) -> None:
    (out / "index.html").mkdir()
    with pytest.raises(UnwritableOutput, match=r"index\.html"):
        write_page(full(), out)


def test_without_javascript_the_page_says_where_the_figures_are(out: Path) -> None:
    html = write_page(full(), out).read_text(encoding="utf-8")
    (words,) = re.findall(r"<noscript>(.*?)</noscript>", html, re.DOTALL)
    assert all(name in words for name in ("summary.csv", "pictures.csv", "report.json"))


# The scripts: read, not run, for a browser is not everywhere that tests are.


def source(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def imports_of(name: str) -> Iterator[tuple[str, set[str]]]:
    """(module, names) of each import."""
    for names, module in re.findall(r'^import \{([^}]*)\} from "\./([^"]+)";$', source(name), re.MULTILINE):
        yield module, {one.strip() for one in names.split(",")} - {""}


def exports_of(name: str) -> set[str]:
    return set(re.findall(r"^export (?:function|const) (\w+)", source(name), re.MULTILINE))


def test_every_script_is_in_the_page() -> None:
    assert sorted(SCRIPTS) == sorted(file.name for file in FOLDER.glob("*.js"))


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_imports_what_stands_above_it_and_uses_it(name: str) -> None:
    text = source(name)
    above = SCRIPTS[: SCRIPTS.index(name)]
    for module, names in imports_of(name):
        assert module in above
        assert names <= exports_of(module)
        assert all(len(re.findall(rf"\b{one}\b", text)) > 1 for one in names)
    # Words that the page's way of joining scripts would pass over.
    assert len(list(imports_of(name))) == len(re.findall(r"^import\b", text, re.MULTILINE))
    assert len(exports_of(name)) == len(re.findall(r"^export\b", text, re.MULTILINE))


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_neither_writes_markup_nor_fetches_nor_runs_text(name: str) -> None:
    banned = (
        r"innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|document\.write|DOMParser"
        r"|\beval\b|\bFunction\(|\bfetch\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon|\bimport\("
        r"|https?:(?!//www\.w3\.org/2000/svg)|</script"
    )
    assert re.findall(banned, source(name)) == []


@pytest.mark.parametrize("name", [*SCRIPTS, "style.css", "page.html"])
def test_a_source_is_short_enough_to_be_read(name: str) -> None:
    assert len(source(name).splitlines()) <= 400


def test_no_two_things_of_the_page_have_one_address() -> None:
    fixed = re.findall(r'\bid="([^"]+)"', source("page.html"))
    drawn = [one.lower() for name in SCRIPTS for one in re.findall(r'section\(\s*"(\w+)"', source(name))]
    assert len(drawn) >= 5
    assert len({*fixed, *drawn}) == len(fixed) + len(drawn)


# Colours: contrast as WCAG 2.2 works it out, success criteria 1.4.3 (text) and 1.4.11 (marks).


def themes() -> dict[str, dict[str, str]]:
    found = re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\);", source("style.css"))
    return {
        "light": {name: light for name, light, _ in found},
        "dark": {name: dark for name, _, dark in found},
    }


def luminance(color: str) -> float:
    digits = color[1:] if len(color) == 7 else "".join(2 * digit for digit in color[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    # The lightest grey on white that passes for text.
    assert contrast("#767676", "#fff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_marks_can_be_told_from_their_ground(theme: str) -> None:
    colors = themes()[theme]
    grounds = ("paper", "ground")
    for text in ("ink", "soft", "accent", "best-ink", "worst-ink", "s0", "s1"):
        for ground in grounds:
            assert contrast(colors[text], colors[ground]) >= 4.5
    assert contrast(colors["best-ink"], colors["best"]) >= 4.5
    assert contrast(colors["ink"], colors["raised"]) >= 4.5
    for mark in ("firm", "s-reference", *(f"s{i}" for i in range(8))):
        assert contrast(colors[mark], colors["paper"]) >= 3
