"""Zhang's user-guided network: how it is hinted, and which half teaches what both share."""

import math

import pytest
import torch
from torch.nn import functional as F

from photochrom.errors import BadConfig
from photochrom.networks.batch import Batch
from photochrom.networks.losses import LOSSES, Aids
from photochrom.networks.siggraph17 import Siggraph17, sampled_patches
from photochrom.networks.torch_color import lab_to_srgb


def shown(ab):
    """A batch whose lightness rises from left to right. ab: (N, 2, H, W)."""
    n, _, height, width = ab.shape
    lightness = torch.linspace(20, 80, width).expand(n, 1, height, width)
    lab = torch.cat([lightness, ab], dim=1)
    return Batch(lightness=lightness, lab=lab, rgb=lab_to_srgb(lab), label=torch.zeros(n, dtype=torch.int64))


def vivid(count, height, width, seed=0):
    return torch.randn((count, 2, height, width), generator=torch.Generator().manual_seed(seed)) * 20


@pytest.fixture
def tiny():
    torch.manual_seed(0)
    return Siggraph17(filters=4)


def test_the_class_head_is_the_only_difference_to_the_published_smaller_count():
    network = Siggraph17()
    head = sum(p.numel() for p in network.classifier.parameters())
    assert sum(p.numel() for p in network.parameters()) - head == 34_051_074
    assert network.classifier.out_channels == 529


def test_classes_are_points_of_the_full_grid():
    ab = torch.zeros(1, 2, 8, 12)
    picked = [(-110, -110), (-110, -100), (-100, -110), (0, 0), (98.2, -60.8), (-4.9, 5.1)]
    for (row, column), color in zip([(r, c) for r in (0, 4) for c in (0, 4, 8)], picked, strict=True):
        ab[0, :, row, column] = torch.tensor(color)
    bins, shares = Siggraph17(filters=4).binned(shown(ab))
    assert bins.shape == (1, 1, 2, 3)
    assert bins.flatten().tolist() == [0, 1, 23, 11 * 23 + 11, 21 * 23 + 5, 11 * 23 + 12]
    assert bool((shares == 1).all())


def test_there_are_seven_hints_on_average_and_none_in_one_of_eight():
    """On pictures so large that patches of 9 pixels and less hardly ever meet."""
    n = 400
    generator = torch.Generator().manual_seed(0)
    hints = sampled_patches(torch.zeros(n, 2, 160, 160), generator, share=1.0, revealed=0.0)
    area = hints[:, 2].sum((1, 2))
    none = float((area == 0).float().mean())
    assert none == pytest.approx(1 / 8, abs=3 * math.sqrt(7 / 64 / n))
    # Sides 1…9 alike: 95 / 3 pixels on average, a little less where some lie on each other.
    mean, spread = 7 * 95 / 3, float(area.std()) / math.sqrt(n)
    assert mean - 4 * spread - 0.1 * mean < float(area.mean()) < mean + 4 * spread
    # Geometric numbers: P(N ≥ 20) = (7/8)²⁰ = 7 %.
    assert 0.02 < float((area > 20 * 95 / 3).float().mean()) < 0.12


def lone_hints(size, count=600):
    """The (top, left, height, width) of the patches of pictures that got exactly one."""
    hints = sampled_patches(
        torch.zeros(count, 2, *size), torch.Generator().manual_seed(1), share=1.0, revealed=0.0
    )[:, 2]
    boxes = []
    for mask in hints:
        places = mask.nonzero()
        if not len(places):
            continue
        low, extent = places.min(0).values, places.max(0).values - places.min(0).values + 1
        if int(extent.prod()) == len(places) and int(extent[0]) == int(extent[1]) <= 9:
            boxes.append([*low.tolist(), *extent.tolist()])
    return torch.tensor(boxes, dtype=torch.float32)


def test_patches_are_normal_about_the_centre():
    height, width = 120, 200
    boxes = lone_hints((height, width), 2500)
    sides = boxes[:, 2]
    assert set(sides.tolist()) == set(range(1, 10))
    assert float(sides.mean()) == pytest.approx(5, abs=4 * 2.6 / math.sqrt(len(sides)))
    for axis, size in ((0, height), (1, width)):
        free = size - sides + 1
        place = (boxes[:, axis] - free / 2) / (free / 4)
        assert float(place.mean()) == pytest.approx(0, abs=4 / math.sqrt(len(place)))
        # What falls outside is brought to the edge, two standard deviations away: 0.96 of the spread is left.
        assert float(place.std()) == pytest.approx(0.96, abs=0.12)
        assert float(place.abs().max()) <= 2.1


def test_a_hint_is_the_mean_colour_of_its_patch():
    ab = vivid(60, 48, 40)
    hints = sampled_patches(ab, torch.Generator().manual_seed(2), share=1.0, revealed=0.0)
    checked = 0
    for picture, colors in zip(hints, ab, strict=True):
        places = picture[2].nonzero()
        if not len(places):
            continue
        (top, left), (bottom, right) = places.min(0).values, places.max(0).values + 1
        box = picture[:, top:bottom, left:right]
        # A square of one colour is one patch; others are several that meet.
        if box.shape[1] == box.shape[2] <= 9 and (box == box[:, :1, :1]).all():
            mean = colors[:, top:bottom, left:right].mean((1, 2))
            torch.testing.assert_close(box[:2, 0, 0], mean, atol=1e-4, rtol=1e-4)
            checked += 1
        assert not picture[:2, picture[2] == 0].any()
    assert checked >= 3


def test_who_is_hinted_and_who_is_shown_all():
    ab = vivid(400, 16, 16)
    generator = torch.Generator().manual_seed(3)
    assert not sampled_patches(ab, generator, share=0.0, revealed=1.0).any()
    whole = sampled_patches(ab, generator, share=1.0, revealed=1.0)
    torch.testing.assert_close(whole, torch.cat([ab, torch.ones_like(ab[:, :1])], dim=1))
    some = sampled_patches(ab, generator, share=0.5, revealed=0.2)[:, 2].mean((1, 2)) == 1
    assert float(some.float().mean()) == pytest.approx(0.1, abs=0.06)
    again = [
        sampled_patches(ab[:8], torch.Generator().manual_seed(4), share=1.0, revealed=0.1) for _ in range(2)
    ]
    assert torch.equal(*again)


def test_small_pictures_are_hinted_too():
    hints = sampled_patches(vivid(40, 3, 5), torch.Generator().manual_seed(5), share=1.0, revealed=0.0)
    assert hints.shape == (40, 3, 3, 5)
    assert set(hints[:, 2].unique().tolist()) == {0, 1}


def test_a_system_is_told_as_its_recipe_says(tiny):
    batch = shown(vivid(3, 16, 16))
    told = tiny.told(batch, hinted=1.0, wished=1.0, clicked=0.0, generator=torch.Generator().manual_seed(0))
    assert told.hints.shape == (3, 3, 16, 16)
    assert told.wishes is None
    assert not tiny.told(batch, hinted=0.0, wished=0.0, clicked=0.0, generator=torch.Generator()).hints.any()


def test_hints_count_where_they_are_given_alone(tiny):
    tiny.eval()
    batch = shown(vivid(1, 24, 40))
    nothing = torch.zeros(1, 3, 24, 40)
    noise = nothing.clone()
    noise[:, :2] = vivid(1, 24, 40, seed=1)
    click = nothing.clone()
    click[0, :, 10:13, 20:23] = torch.tensor([60.0, -40.0, 1.0]).view(3, 1, 1)
    with torch.no_grad():
        plain = tiny(batch.lightness)
        assert torch.equal(tiny(batch.lightness, nothing), plain)
        assert torch.equal(tiny(batch.lightness, noise), plain)
        assert not torch.equal(tiny(batch.lightness, click), plain)


@pytest.mark.parametrize("center", [0.5, 0.0])
def test_the_mask_is_centred_where_the_weights_want_it(center):
    """The network's first layer sees (L − 50)/100, ab/110 and the mask minus its centre."""
    network = Siggraph17(filters=4, mask_center=center).eval()
    seen = []
    network.down1.register_forward_pre_hook(lambda _module, arguments: seen.append(arguments[0]))
    hints = torch.zeros(1, 3, 13, 16)
    hints[0, :, 2, 3] = torch.tensor([55.0, -110.0, 1.0])
    with torch.no_grad():
        network(torch.full((1, 1, 13, 16), 75.0), hints)
    assert seen[0].shape == (1, 4, 16, 16)
    assert seen[0][0, :, 2, 3].tolist() == pytest.approx([0.25, 0.5, -1.0, 1 - center])
    assert seen[0][0, :, 2, 4].tolist() == pytest.approx([0.25, 0, 0, -center])
    # Beyond the picture, lightness is its reflection and nothing is hinted.
    assert seen[0][0, :, 15, 3].tolist() == pytest.approx([0.25, 0, 0, -center])


def gradients(network, batch, fields, losses):
    network.zero_grad()
    answer = network.asked(batch).kept(fields)
    terms = [LOSSES[name].function(answer, batch, Aids()) for name in losses]
    torch.stack(terms).sum().backward()
    return {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}


CLASSES = ("logits", "bins", "shares")
COLORS = ("value", "target")


def test_what_both_halves_share_learns_from_one_of_them(tiny):
    tiny.eval()
    batch = shown(vivid(2, 32, 32))
    classes = gradients(tiny, batch, CLASSES, ["cross_entropy"])
    colors = gradients(tiny, batch, COLORS, ["l1"])
    both = gradients(tiny, batch, (*COLORS, *CLASSES), ["l1", "cross_entropy"])
    head = {name for name in both if name.startswith("classifier")}
    late = {
        name for name in both if name.split(".")[0] in {"up9", "skip9", "up10", "skip10", "block9", "block10"}
    }
    late |= {"color.weight", "color.bias"}
    shared = {name for name, _ in tiny.named_parameters()} - head - late
    # Classes alone: they shape what is shared; the layers of colour wait.
    assert set(classes) == shared | head
    assert all(classes[name].any() for name in shared)
    # Colours alone, and both: what is shared gets the gradient of colours in either case, to the bit.
    assert set(colors) == shared | late
    for name in shared | late:
        assert torch.equal(both[name], colors[name]), name
    for name in head:
        assert torch.equal(both[name], classes[name]), name


def test_pictures_of_hardly_any_colour_teach_nothing(tiny):
    tiny.eval()
    ab = torch.full((2, 2, 16, 16), 30.0)  # one tint all over is no colour either
    ab[0, 0, 2, 2], ab[0, 1, 3, 3] = 32.0, 32.9
    ab[1, 0, 2, 2], ab[1, 1, 3, 3] = 32.0, 33.1
    fields, losses = (*COLORS, *CLASSES), ["l1", "cross_entropy"]
    assert not any(g.any() for g in gradients(tiny, shown(ab[:1]), fields, losses).values())
    assert all(g.any() for g in gradients(tiny, shown(ab[1:]), fields, losses).values())


def test_huber_bends_at_one_unit():
    """Of Lab with unit 1, as the paper's; of ab/110 everything lies below the bend."""
    ab = torch.full((1, 2, 16, 16), 31.0)
    ab[..., 0] = 20.0
    for unit in (1.0, 110.0):
        torch.manual_seed(0)
        network = Siggraph17(filters=4, unit=unit).eval()
        answer = network.asked(shown(ab))
        apart = (answer.ab.detach() - ab).abs()
        assert float(apart.min()) > 1
        expected = (apart - 0.5).mean() if unit == 1 else ((apart / 110) ** 2 / 2).mean()
        torch.testing.assert_close(LOSSES["huber"].function(answer, shown(ab), Aids()), expected)
        torch.testing.assert_close(F.l1_loss(answer.value, answer.target) * unit, apart.mean())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filters": 0}, "filters: must be at least 1, not 0"),
        ({"revealed": 1.5}, r"revealed: must lie in 0…1, not 1\.5"),
        ({"unit": 0.0}, r"unit: must be above 0, not 0\.0"),
        ({"unit": math.inf}, "unit: must be above 0, not inf"),
    ],
)
def test_options_out_of_range(options, message):
    with pytest.raises(BadConfig, match=message):
        Siggraph17(**options)
