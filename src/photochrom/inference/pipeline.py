"""What happens to a picture. Read `Colorizer` top to bottom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from photochrom.color.gamut import fit_to_gamut
from photochrom.errors import BadModel, BadOption
from photochrom.hints import Hints, Unmet
from photochrom.images.levels import levels_of
from photochrom.images.picture import Picture
from photochrom.images.read import read_picture
from photochrom.inference.alternatives import alternatives
from photochrom.inference.card import ModelCard
from photochrom.inference.choose import choose
from photochrom.inference.coherent import coherent
from photochrom.inference.grids import shrink
from photochrom.inference.guess import KINSHIP, Guess
from photochrom.inference.mirrored import Mirrored
from photochrom.inference.network import Arrays, Network, load_network
from photochrom.inference.obey import Kinship, kinship, obey
from photochrom.inference.palette import Palette, PaletteSource, palette_of, wishes_of
from photochrom.inference.reference import Reference, carried, led, maps_of, reference_of, wish_of
from photochrom.inference.result import Result
from photochrom.inference.session import choose_threads
from photochrom.inference.upsample import guided_coefficients
from photochrom.inference.vividness import MOST_VIVID, ColorRule
from photochrom.inference.weights import DEFAULT_MODEL, find_model

LEAST_DETAIL = 128
MOST_DETAIL = 640

PictureSource = str | Path | bytes | NDArray[Any]


@dataclass(frozen=True)
class ColorizeOptions:
    """What a person may choose for each picture."""

    vividness: float = 1.0
    """From 0, grey, over 1, as in life, to 2, vivid."""
    detail: int | None = None
    """Short side in pixels at which the network looks, 128 to 640; the model's own where not given."""
    restore_tones: bool = False
    """Stretch the tones of a faded picture to full contrast too; without it lightness stays."""

    def __post_init__(self) -> None:
        if not 0 <= self.vividness <= MOST_VIVID:
            raise BadOption("vividness", f"must lie in 0…{MOST_VIVID:g}, not {self.vividness:g}")
        if self.detail is not None and not LEAST_DETAIL <= self.detail <= MOST_DETAIL:
            raise BadOption("detail", f"must lie in {LEAST_DETAIL}…{MOST_DETAIL}, not {self.detail}")


class Colorizer:
    """A loaded model. Loading takes longer than a picture: keep it for many.

    model: a shipped model's name, or the path of a card. threads: for the network; None chooses.
    provider: "cuda", "coreml", "directml" or "cpu", or "auto" for the best of them that starts. best: look
    at each picture's mirror image too and take the mean, a little better for twice the network's time.
    Raises ModelNotFound, BadModel, and BadOption for a provider that does not start.
    """

    def __init__(
        self,
        model: str | Path = DEFAULT_MODEL,
        *,
        threads: int | None = None,
        provider: str = "auto",
        best: bool = False,
    ) -> None:
        self.card: ModelCard = find_model(model)
        self.threads = choose_threads(threads)
        """Threads of the network."""
        network = load_network(self.card, threads=self.threads, provider=provider)
        self._network: Network = Mirrored(network) if best else network
        self.provider = network.provider
        """Where the network runs, whatever was wished for."""
        self._kinships: WeakKeyDictionary[Guess, Kinship] = WeakKeyDictionary()

    def __call__(
        self,
        source: PictureSource,
        *,
        options: ColorizeOptions | None = None,
        name: str | None = None,
        palette: Palette | PaletteSource | None = None,
        reference: Reference | PictureSource | None = None,
        hints: Hints | None = None,
    ) -> Result:
        """Colour one picture.

        palette: colours to paint it with, as `palette_of` takes them. reference: a picture in colour
        of the same things. hints: colours told of places; they win over both.

        Raises UnreadableImage, ImageTooLarge, BadOption for hints outside the picture, and as `guess`,
        `wished`, `referred`, `hinted` and `chroma` do.
        """
        options = options or ColorizeOptions()
        picture, guess, unmet = self._led(source, options, name, palette, reference, hints)
        return replace(self.paint(picture, guess, self.card.rule(options.vividness)), unmet=unmet)

    def alternatives(
        self,
        source: PictureSource,
        n: int = 4,
        *,
        options: ColorizeOptions | None = None,
        name: str | None = None,
        palette: Palette | PaletteSource | None = None,
        reference: Reference | PictureSource | None = None,
        hints: Hints | None = None,
    ) -> list[Result]:
        """Up to n, 1…12, visibly different colourings of one picture, the likeliest first.

        The first is the one that a call gives; what hints tell and a reference lends stays in all. Fewer
        where the model holds no others possible. Raises as a call does, and BadOption for another n or a
        model that gives no distribution over colours.
        """
        options = options or ColorizeOptions()
        picture, guess, unmet = self._led(source, options, name, palette, reference, hints)
        rule = self.card.rule(options.vividness)
        chroma = self.chroma(guess, rule)
        own = self._own(guess, rule, chroma)
        others = alternatives(guess, chroma, self.card, n, vivid=rule.strength)
        return [
            replace(self._result(picture, guess, other, own + (other - chroma)), unmet=unmet)
            for other in others
        ]

    def guess(self, picture: Picture, *, detail: int | None = None) -> Guess:
        """Look at a picture.

        Raises BadOption for `detail` if the model looks at one size only or in steps larger than that;
        UnreadableImage if the pixels, which are decoded only now, are damaged; BadModel if the network
        fails or gives another size than the card promises.
        """
        lightness = self._look(picture, detail)
        return self._answer(lightness, self._encoded(lightness))

    def hinted(self, guess: Guess, hints: NDArray[np.float32]) -> Guess:
        """The same look with colours told; nothing runs yet, `chroma` leads them over the picture.

        hints: (3, H/s, W/s) of a guess that saw (H, W), s the card's `hint_stride`: a, b in units of
        Lab, and how sure they are, 0…1; where that is 0, a and b are nothing. Each guess stands on
        its own, so give all hints that are to count. The decoder takes such planes too, but what it makes
        of ten clicks is worth 0.8 dB where leading them (`inference.obey`) is worth 3.9, and both together
        less than the second alone (docs/hints.md).

        Raises BadOption for other hints, and if the model takes none.
        """
        self.card.check_able("hints")
        blank = guess.features["hints"]
        told = np.array(hints, np.float32)
        if told.shape != blank.shape[1:]:
            raise BadOption("hints", f"of shape {told.shape}, not {blank.shape[1:]}")
        if not np.isfinite(told).all() or not 0 <= told[2].min() <= told[2].max() <= 1:
            raise BadOption("hints", "must be finite, and confidence in 0…1")
        return replace(guess, hints=told, unhinted=guess.unhinted or guess)

    def wished(self, guess: Guess, palette: Palette) -> Guess:
        """The same look with a palette told, in place of one told before; hints stay.

        A model that takes no wishes but gives logits is led by the palette's leaning alone. Raises
        BadOption if it gives ab, BadModel as `guess`.
        """
        if guess.hints is not None and guess.unhinted is not None:
            return self.hinted(self.wished(guess.unhinted, palette), guess.hints)
        self.card.check_able("palette")
        bins = self.card.bins
        assert bins is not None
        assert guess.logits is not None
        feed = dict(guess.features)
        if "wishes" in feed:
            feed["wishes"] = wishes_of(palette, bins, guess.logits)[None]
        # A palette of no strength is none: a reference may still tell its own.
        leaning = palette.leaning(bins) if palette.strength else None
        return replace(self._answer(guess.lightness, feed, leaning), carried=guess.carried)

    def reference(self, source: PictureSource, *, detail: int | None = None) -> Reference:
        """Look at a picture in colour, once for all the pictures that are to be coloured like it.

        detail: best the same as theirs. Raises BadOption for a grey picture and a model that cannot
        compare pictures, and as `guess` does.
        """
        self.card.check_able("reference")
        picture = read_picture(source)
        lightness = self._look(picture, detail)
        return reference_of(picture, lightness, self._encoded(lightness))

    def referred(self, guess: Guess, reference: Reference) -> Guess:
        """The same look with colours lent by a reference, in place of one before; hints stay.

        Its palette becomes a wish as far as the two pictures match, unless a palette or another reference
        was told before. Raises BadOption as `reference`.
        """
        self.card.check_able("reference")
        if guess.hints is not None and guess.unhinted is not None:
            return self.hinted(self.referred(guess.unhinted, reference), guess.hints)
        maps = maps_of(guess.features, guess.lightness.shape[0])
        planes, matched = carried(maps, reference, guess.features["hints"].shape[2:])
        wish = wish_of(reference, matched) if guess.leaning is None else None
        return replace(guess if wish is None else self.wished(guess, wish), carried=planes)

    def paint(self, picture: Picture, guess: Guess, rule: ColorRule) -> Result:
        """Choose colours by `rule` and lead them along the edges of the picture. Raises as `chroma`."""
        chroma = self.chroma(guess, rule)
        return self._result(picture, guess, chroma, self._own(guess, rule, chroma))

    def _result(
        self, picture: Picture, guess: Guess, chroma: NDArray[np.float32], own: NDArray[np.float32]
    ) -> Result:
        coefficients = guided_coefficients(guess.lightness, chroma)
        return Result(picture, chroma, coefficients, self.card.name, guess=guess, card=self.card, own=own)

    def chroma(self, guess: Guess, rule: ColorRule) -> NDArray[np.float32]:
        """a and b, (2, h, w), inside sRGB at the lightness the network saw.

        Raises BadOption for a rule with tau or temperature if the model gives ab, BadModel if what
        the network gave are no numbers.
        """
        plain = guess.unhinted or guess
        ab = self._choose(plain, rule)
        if plain.carried is not None:
            # A reference is as vivid as it is; the slider acts on it as on other colours.
            usual = self.card.rule(1.0).strength or 1.0
            ab = led(ab, plain.carried * np.array([[[rule.strength / usual]]] * 2 + [[[1]]], np.float32))
        if guess.hints is not None:
            ab = obey(ab, guess.hints, self._kinship(plain), self._network.blend)
        return self._fitted(ab, guess)

    def _own(self, guess: Guess, rule: ColorRule, chroma: NDArray[np.float32]) -> NDArray[np.float32]:
        """What `chroma` would be without hints and without what a reference lends."""
        if guess.hints is None and guess.carried is None:
            return chroma
        return self._fitted(self._choose(guess.unhinted or guess, rule), guess)

    def _fitted(self, ab: NDArray[np.float32], guess: Guess) -> NDArray[np.float32]:
        """a and b, (2, h, w), inside sRGB at the lightness the network saw."""
        if not np.isfinite(ab).all():
            raise BadModel(self.card.path, "the network gives colours that are no numbers")
        fitted = fit_to_gamut(np.stack([shrink(guess.lightness, *ab.shape[1:]), *ab], axis=-1))
        return np.ascontiguousarray(fitted[..., 1:].transpose(2, 0, 1), dtype=np.float32)

    def _led(
        self,
        source: PictureSource,
        options: ColorizeOptions,
        name: str | None,
        palette: Palette | PaletteSource | None,
        reference: Reference | PictureSource | None,
        hints: Hints | None,
    ) -> tuple[Picture, Guess, tuple[Unmet, ...]]:
        """A picture, what the network makes of it by all that it is told, and hints that cannot be met."""
        if hints is not None and not isinstance(hints, Hints):
            raise BadOption("hints", f"are told as photochrom.Hints, not {type(hints).__name__}")
        if hints:
            self.card.check_able("hints")
        wanted = None if palette is None else palette_of(palette)
        if reference is not None and not isinstance(reference, Reference):
            reference = self.reference(reference, detail=options.detail)
        picture = read_picture(source, name=name)
        if options.restore_tones:
            picture = picture.with_levels(levels_of(self._look(picture, options.detail)))
        guess = self.guess(picture, detail=options.detail)
        if wanted is not None:
            guess = self.wished(guess, wanted)
        if reference is not None:
            guess = self.referred(guess, reference)
        if not hints:
            return picture, guess, ()
        drawn = hints.drawn(picture.width, picture.height, *guess.features["hints"].shape[2:])
        unmet = drawn.unmet(shrink(guess.lightness, *drawn.owner.shape))
        return picture, self.hinted(guess, drawn.planes), unmet

    def _look(self, picture: Picture, detail: int | None) -> NDArray[np.float32]:
        """The lightness that the network is shown, (H, W)."""
        self.card.check_detail(detail)
        if self.card.input is not None:
            height, width = self.card.input
            return picture.reduced(width, height)
        # Small pictures are enlarged: a network knows things best at the size that suits it, blurred or not.
        return picture.thumbnail(detail or self.card.detail, multiple=self.card.stride)

    def _encoded(self, lightness: NDArray[np.float32]) -> Arrays:
        """What the network makes of a look."""
        if self.card.full_contrast:
            lightness = levels_of(lightness).applied(lightness)
        return self._network.encode(lightness)

    def _answer(
        self,
        lightness: NDArray[np.float32],
        feed: Mapping[str, NDArray[np.float32]],
        leaning: NDArray[np.float32] | None = None,
    ) -> Guess:
        answer = self._network.decode(feed)
        height, width = lightness.shape
        k = max(1, height // answer.shape[1]) if answer.ndim == 3 and answer.size else 1
        if answer.shape != (self.card.planes, height // k, width // k) or height % k or width % k:
            wanted = f"{self.card.planes} planes of that size or of a whole fraction of it"
            given = "×".join(map(str, answer.shape))
            raise BadModel(self.card.path, f"the network gives {given} for {height}×{width}, not {wanted}")
        seen = feed.get(KINSHIP)
        if seen is not None and (seen.ndim != 4 or seen.shape[2:] != answer.shape[1:]):
            raise BadModel(
                self.card.path, f"the encoder gives {KINSHIP} on another grid than that of the logits"
            )
        if self.card.gives == "ab":
            return Guess(lightness, feed, ab=answer)
        if leaning is not None:
            answer = answer + leaning[:, None, None]
        return Guess(lightness, feed, logits=answer, leaning=leaning)

    def _kinship(self, guess: Guess) -> Kinship:
        """Worked out once a look, for it outlasts every edit."""
        if guess not in self._kinships:
            assert guess.logits is not None  # the answer of a decoder, and those alone take hints
            assert self.card.bins is not None
            self._kinships[guess] = kinship(guess.logits, guess.lightness, guess.features, self.card.bins)
        return self._kinships[guess]

    def _choose(self, guess: Guess, rule: ColorRule) -> NDArray[np.float32]:
        """One colour a place: (2, h, w), in gamut or not; not to be written to.

        The last rule's are kept with the look: a click asks for them twice, and for nothing else of it.
        """
        kept = self._chosen.get(guess)
        if kept is None or kept[0] != rule:
            kept = rule, self._chosen_by(guess, rule)
            kept[1].flags.writeable = False
            self._chosen[guess] = kept
        return kept[1]

    @cached_property
    def _chosen(self) -> WeakKeyDictionary[Guess, tuple[ColorRule, NDArray[np.float32]]]:
        return WeakKeyDictionary()

    def _chosen_by(self, guess: Guess, rule: ColorRule) -> NDArray[np.float32]:
        self.card.check_rule(rule)
        if guess.ab is not None:
            return guess.ab * np.float32(rule.chroma)
        logits, bins = guess.logits, self.card.bins
        assert logits is not None
        assert bins is not None
        chosen = choose(logits, rule, bins, self._log_prior)
        return coherent(chosen, guess.lightness, guess.features)

    @cached_property
    def _log_prior(self) -> NDArray[np.float32]:
        assert self.card.prior is not None  # of a model that gives logits
        return np.log(self.card.prior).astype(np.float32)


__all__ = ["ColorizeOptions", "Colorizer", "Guess", "PictureSource", "Result"]
