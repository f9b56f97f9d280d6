"""Draw docs/gallery.md and its pictures, all of examples/: `make gallery`, or `python benchmarks/gallery.py`.

TABLE has a row for each picture, and what is said of it. `look` holds whichever model colours. `seen` and
SEEN are what somebody saw in the results of the weights WRITTEN_FOR: with others they are left out, and the
last line says so. Look at the pictures then, write what you see, and set WRITTEN_FOR.
"""

from __future__ import annotations

import sys
import tempfile
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyvips

from photochrom import ColorizeOptions, Colorizer, Hints, Result

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
PAGE = ROOT / "docs" / "gallery.md"
PICTURES = PAGE.parent / "images" / "gallery"
WIDTH, TALLEST, GAP, QUALITY = 900, 10_000, 6, 85
VIVIDNESS = (0.0, 0.5, 1.0, 1.5, 2.0)
SUGGESTIONS, ALTERNATIVES = 3, 4

Click = tuple[str, str, str]


@dataclass(frozen=True)
class Example:
    """A picture of examples/ and what is said of it."""

    file: str
    caption: str
    year: str
    look: str
    """What to look at: what can be known of it, and what only guessed."""
    seen: str = ""
    """What the weights WRITTEN_FOR made of it."""
    true_colors: bool = False
    """Whether the file is in colour, and so can be compared with."""
    hints: tuple[Click, ...] = ()
    """x, y and colour of clicks, for the section on hints."""

    @property
    def path(self) -> Path:
        """Where the picture is."""
        return EXAMPLES / self.file

    @property
    def title(self) -> str:
        """Caption and year."""
        return f"{self.caption}, {self.year}"


WRITTEN_FOR = "2c3386e1 2d509fca 765b13d3"
TABLE = (
    Example(
        "migrant_mother_1936.jpg",
        "Migrant Mother, Nipomo, California",
        "1936",
        "Skin, hair and canvas can be guessed from what they are; clothes cannot.",
        "Hair, canvas, face and hand are plausible, the hand a little paler; the shirt on the left is bluish"
        " above and brown below; clothes are dull guesses.",
    ),
    Example(
        "saratoga_broadway_c1910.jpg",
        "Broadway at the United States Hotel, Saratoga Springs",
        "c. 1900–1915",
        "Leaves and lawns in summer are green; awnings, dresses and carriages could have any colour.",
        "Nearly everything stays grey or a little brown; leaves and lawn are a dull green at best.",
    ),
    Example(
        "fsa_usf34-058042_road.jpg",
        "A road towards mountains, United States",
        "1935–1944",
        "A sky with such clouds is blue, and dry ground has few colours; scrub may be green or brown.",
        "Sky, clouds and the verge on the left are plausible, the road is olive at its edges, mountains and"
        " the pale bank on the right are bluish.",
    ),
    Example(
        "suffrage_parade_1917.jpg",
        "Suffrage parade, New York",
        "1917",
        "The flags are known to be red, white and blue; the clothes are guesses.",
        "Fronts are brown, redder in the middle for no reason to be seen; road and crowd stay all but grey,"
        " and so do the flags.",
    ),
    Example(
        "frederick_douglass_1879.jpg",
        "Frederick Douglass",
        "c. 1879",
        "Skin can be guessed; a dark coat may be black or blue, and a bare backdrop says nothing at all.",
        "The face is plausible, and the coat navy, brown at its left and lower edge; grey hair is yellow, and"
        " orange behind the ear; the backdrop is bluish above and brown below.",
    ),
    Example(
        "wright_first_flight_1903.jpg",
        "First flight, Kitty Hawk",
        "17 December 1903",
        "Sky, sand and white cloth are likely guesses; where wet sand ends and water begins is hard to tell.",
        "The sky is a plausible pale blue with an orange stain left of the wings. The beach is bluish on the"
        " left and the colour of sand only in places.",
    ),
    Example(
        "pg_emir.jpg",
        "The Emir of Bukhara",
        "1911",
        "A robe could have any colour, and wood has few.",
        "The robe, in truth bright blue, is guessed brown and grey, and red below. Face, turban and the door"
        " on the left come near; wall and the door on the right stay grey.",
        true_colors=True,
        hints=(("47%", "70%", "#1f7fc0"), ("28%", "30%", "#9c8f94"), ("5%", "40%", "#c9945a")),
    ),
    Example(
        "fsac_1a35022v_shepherd_1942.jpg",
        "Shepherd with horse and dog, Gravelly Range, Montana",
        "August 1942",
        "Whether grass is fresh or dry can hardly be seen in grey; a sky with such clouds is blue.",
        "The sky is blue, more so than it was. The brown coat is right; the dry grass is made a fresh"
        " green, and the white horse cream.",
        true_colors=True,
    ),
)
OF_VIVIDNESS, OF_CONFIDENCE, OF_ALTERNATIVES = TABLE[0], TABLE[4], TABLE[7]
SEEN = {
    "vividness": "At 2 the face is a little too red, and the brown below the shirt on the left plain to see.",
    "hints": "The first click makes the robe blue but for pink folds on the right, and leaves wall and doors."
    " The second makes the wall a little violet and the third the wood on the left orange.",
    "confidence": "It is surest of tie and shirt, then of face and hair; least of the backdrop and of the"
    " edges of the coat.",
    "alternatives": "A white horse, grass between dry and violet, a chestnut horse. The true one, dry grass,"
    " is not among them.",
}

START = """The pictures of [examples/](../examples/README.md), all of them, coloured by `{model}`
([models.md](models.md)), whose files' checksums begin with {weights}. `make gallery` draws them and writes
this page. Each is at the default settings unless it says otherwise, and nothing is retouched. {remarks}
"""
WITH_REMARKS = "What is said of single results was seen in these very pictures."
WITHOUT_REMARKS = "Nobody has yet written down what is wrong with these results."

BEFORE_AND_AFTER = """## Before and after

Left: the lightness of the photograph, which is all that Photochrom goes by, of a toned or coloured picture
too. Right: with colour. The first sentence says what can be known and what only guessed; of a picture that
was taken in black and white nobody knows the true colours.

```sh
photochrom examples/{file} --compare
```
"""
BESIDE_THE_TRUTH = """## Beside the truth

Two examples were taken in colour. From left: grey, coloured, the truth.
"""
NEARNESS = """Mean ΔE2000 from the truth, lower is nearer:

| | grey | coloured |
|---|--:|--:|
"""
VIVIDNESS_SLIDER = """## Vividness

From left: {steps}. 0 is grey, 1 the default, 2 the most. Little is safer; much is more colourful and more
often wrong. [models.md](models.md#figures) has figures for each.

```sh
photochrom examples/{file} --vividness {most:g}
```
"""
WITH_HINTS = """## Hints

You may know a colour. From left: without hints, with one click, with {clicks}; circles mark them, in the
colour asked for. What is like the place follows ([hints.md](hints.md)).

```sh
photochrom examples/{file} {options}
```
"""
SUGGESTED = """Where would Photochrom itself like to be told? Without hints `--suggest {n}` names these
places, the most helpful first ([suggestions.md](suggestions.md)):

| place | expected ΔE2000 | share of the picture that it helps | colours it holds likely |
|---|--:|--:|---|
"""
HOW_SURE = """## How sure it is

Right: how far off Photochrom expects to be, in ΔE2000. Dark violet: 0, as good as certain. Blue: 7, another
shade of the same colour. Green: 15, could be another colour. Yellow: 30 and more, nothing to go by
([confidence.md](confidence.md)). In this picture the mean is {mean:.1f}; the surest tenth is below {low:.1f},
the least sure tenth above {high:.1f}.

```sh
photochrom examples/{file} --confidence sure.png
```
"""
OTHERS = """## Alternatives

What else it might have been, as the network sees it. The first is the one given unasked; the others follow by
how likely it holds them. They differ in large parts of the picture, not in small things
([alternatives.md](alternatives.md)).

```sh
photochrom examples/{file} --alternatives {n}
```
"""


def main() -> None:
    """Draw the pictures, then write the page."""
    # One thread and the plain processor: the same pictures whatever else a machine has.
    colorizer = Colorizer(threads=1, provider="cpu")
    weights = " ".join(sorted(digest[:8] for digest in colorizer.card.sha256.values()))
    fits = weights == WRITTEN_FOR
    PICTURES.mkdir(parents=True, exist_ok=True)
    for old in PICTURES.glob("*.jpg"):
        old.unlink()
    remarks = WITH_REMARKS if fits else WITHOUT_REMARKS
    start = START.format(model=colorizer.card.name, weights=weights.replace(" ", " and "), remarks=remarks)
    sections = (
        ("# Gallery\n", paragraph(start)),
        before_and_after(colorizer, fits),
        beside_the_truth(colorizer),
        vividness(colorizer, fits),
        hints(colorizer, fits),
        how_sure(colorizer, fits),
        others(colorizer, fits),
    )
    PAGE.write_text("\n".join("\n".join(section) for section in sections), encoding="utf-8")
    drawn = sorted(PICTURES.glob("*.jpg"))
    print(f"{PAGE}: {len(drawn)} pictures, {sum(file.stat().st_size for file in drawn) / 1e6:.2f} MB")
    if not fits:
        print(
            "Remarks were left out, for they are of other weights. Look at the pictures, write what you see"
            f' in {Path(__file__).name}, and set WRITTEN_FOR = "{weights}".',
            file=sys.stderr,
        )


def before_and_after(colorizer: Colorizer, fits: bool) -> Iterator[str]:
    """Every picture at the default."""
    yield BEFORE_AND_AFTER.format(file=TABLE[0].file)
    for example in TABLE:
        yield f"### {example.title}\n"
        with tempfile.TemporaryDirectory() as folder:
            pair = Path(folder, "pair.png")
            colorizer(example.path).save_comparison(pair)
            yield picture(example, "in grey and in colour", example.path.stem, [read(pair)])
        yield paragraph(f"{example.look} {example.seen}" if fits else example.look)


def beside_the_truth(colorizer: Colorizer) -> Iterator[str]:
    """Those whose colours are known, and how near they come."""
    yield BESIDE_THE_TRUTH
    rows = []
    for example in TABLE:
        if example.true_colors:
            grey, colored = (
                shown(colorizer(example.path, options=ColorizeOptions(vividness=step))) for step in (0.0, 1.0)
            )
            truth = read(example.path)
            name = f"{example.path.stem}-truth"
            yield picture(example, "grey, coloured, and the truth", name, [grey, colored, truth])
            rows.append(
                f"| {example.caption} | {difference(grey, truth):.1f} | {difference(colored, truth):.1f} |"
            )
    yield NEARNESS + "\n".join(rows) + "\n"


def vividness(colorizer: Colorizer, fits: bool) -> Iterator[str]:
    """One picture over the slider."""
    example = OF_VIVIDNESS
    steps = ", ".join(f"{step:g}" for step in VIVIDNESS)
    yield VIVIDNESS_SLIDER.format(steps=steps, file=example.file, most=VIVIDNESS[-1])
    results = [colorizer(example.path, options=ColorizeOptions(vividness=step)) for step in VIVIDNESS]
    yield picture(example, f"at vividness {steps}", "vividness", [shown(result) for result in results])
    yield from remark("vividness", fits)


def hints(colorizer: Colorizer, fits: bool) -> Iterator[str]:
    """The pictures that have hints: without, with the first, with all; and where it would rather be told."""
    for example in TABLE:
        if not example.hints:
            continue
        options = " ".join(f'--hint "{",".join(click)}"' for click in example.hints)
        yield WITH_HINTS.format(clicks=len(example.hints), file=example.file, options=options)
        panels = []
        for clicks in ((), example.hints[:1], example.hints):
            told = Hints()
            for x, y, color in clicks:
                told = told.point(x, y, color)
            panels.append(marked(shown(colorizer(example.path, hints=told)), clicks))
        yield picture(example, "without hints, with one, with all", f"{example.path.stem}-hints", panels)
        yield from remark("hints", fits)
        yield SUGGESTED.format(n=SUGGESTIONS) + suggested(colorizer(example.path))


def suggested(result: Result) -> str:
    """The rows of what a picture suggests."""
    return "".join(
        f"| {place.x}, {place.y} | {place.difference:.1f} | {place.area:.0%} | "
        + ", ".join(f"`{each.color}` {each.probability:.0%}" for each in place.colors)
        + " |\n"
        for place in result.suggest(SUGGESTIONS)
    )


def how_sure(colorizer: Colorizer, fits: bool) -> Iterator[str]:
    """One picture and its map of confidence."""
    example = OF_CONFIDENCE
    result = colorizer(example.path)
    low, high = np.percentile(result.confidence, (10, 90))
    yield HOW_SURE.format(file=example.file, mean=result.confidence.mean(), low=low, high=high)
    with tempfile.TemporaryDirectory() as folder:
        sure = Path(folder, "sure.png")
        result.save_confidence(sure)
        yield picture(example, "in colour, and how sure it is", "confidence", [shown(result), read(sure)])
    yield from remark("confidence", fits)


def others(colorizer: Colorizer, fits: bool) -> Iterator[str]:
    """One picture and its alternatives."""
    example = OF_ALTERNATIVES
    yield OTHERS.format(file=example.file, n=ALTERNATIVES)
    results = colorizer.alternatives(example.path, ALTERNATIVES)
    yield picture(example, "the alternatives", "alternatives", [shown(result) for result in results])
    yield from remark("alternatives", fits)


def remark(section: str, fits: bool) -> Iterator[str]:
    """What was seen in a section, if it was seen in these very results."""
    if fits:
        yield paragraph(SEEN[section])


def paragraph(text: str) -> str:
    """Text in lines as long as those of the other pages."""
    return textwrap.fill(text, 110, break_on_hyphens=False, break_long_words=False) + "\n"


def picture(example: Example, what: str, name: str, panels: Sequence[pyvips.Image]) -> str:
    """Write panels side by side, WIDTH wide together, and give the lines that show them with their credit."""
    width = (WIDTH - GAP * (len(panels) - 1)) // len(panels)
    reduced = [panel.thumbnail_image(width, height=TALLEST) for panel in panels]
    sheet = pyvips.Image.arrayjoin(reduced, across=len(panels), shim=GAP, background=[255] * 3)
    file = PICTURES / f"{name}.jpg"
    # XMP has the note that the colours are estimates; it goes wherever the picture does.
    sheet.jpegsave(str(file), Q=QUALITY, optimize_coding=True, keep="xmp")
    where = file.relative_to(PAGE.parent).as_posix()
    credit = f"*{example.title}. {credited()[example.file].rstrip('.')}.*"
    return f"![{example.title}: {what}]({where})\n\n{paragraph(credit)}"


def credited() -> dict[str, str]:
    """File → credit, from the table of examples/README.md, the one place where they stand."""
    lines = (EXAMPLES / "README.md").read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    return {file.strip("`"): credit for file, _, credit in rows}


def read(file: Path) -> pyvips.Image:
    """A picture in memory, so that its file may go."""
    return pyvips.Image.new_from_file(str(file)).copy_memory()


def shown(result: Result) -> pyvips.Image:
    """A result with its metadata, as its file has them."""
    return pyvips.Image.new_from_buffer(result.encode(".png"), "")


def marked(image: pyvips.Image, clicks: Sequence[Click]) -> pyvips.Image:
    """The picture with a circle for each click."""
    radius = image.width // 60  # about 5 pixels, where three panels share WIDTH
    for x, y, color in clicks:
        place = (round(float(x[:-1]) / 100 * image.width), round(float(y[:-1]) / 100 * image.height))
        image = image.draw_circle([255] * 3, *place, round(radius * 1.5), fill=True)
        image = image.draw_circle(list(bytes.fromhex(color[1:])), *place, radius, fill=True)
    return image


def difference(image: pyvips.Image, truth: pyvips.Image) -> float:
    """Mean ΔE2000 between two pictures."""
    return float(image.colourspace("lab").dE00(truth.colourspace("lab")).avg())


if __name__ == "__main__":
    main()
