"""The second look: the mirror image's answer, mirrored back, counts as much as the first."""

import numpy as np
import pytest

from photochrom import Colorizer, Hints
from photochrom.inference.mirrored import Mirrored


class Sided:
    """Whose answer depends on the side: L, plus 10 on the left, plus the confidence of hints."""

    provider = "cpu"

    def encode(self, lightness):
        return {"logits": lightness[None, None], "hints": np.zeros((1, 3, *lightness.shape), np.float32)}

    def decode(self, feed):
        answer = feed["logits"][0] + feed["hints"][0, 2:]
        answer[:, :, : answer.shape[2] // 2] += 10
        return answer


@pytest.fixture
def lightness():
    return np.random.default_rng(0).uniform(0, 100, (8, 12)).astype(np.float32)


def test_what_depends_on_the_side_is_shared_out(lightness):
    network = Mirrored(Sided())
    np.testing.assert_allclose(network.decode(network.encode(lightness))[0], lightness + 5, rtol=1e-6)


def test_hints_stay_where_they_are(lightness):
    network = Mirrored(Sided())
    feed = dict(network.encode(lightness))
    feed["hints"][0, 2, 3, 1] = 1
    found = network.decode(feed)[0] - (lightness + 5)
    assert found[3, 1] == pytest.approx(1, abs=1e-4)
    found[3, 1] = 0
    assert np.abs(found).max() < 1e-4


@pytest.mark.parametrize("seed", range(3))
def test_a_mirrored_picture_is_coloured_alike(seed):
    colorizer = Colorizer(best=True, threads=1)
    noise = np.random.default_rng(seed).uniform(0, 255, (6, 8)).astype(np.uint8)
    picture = np.kron(noise, np.ones((32, 32), np.uint8))
    here, there = (colorizer(each).chroma for each in (picture, picture[:, ::-1]))
    np.testing.assert_allclose(there[..., ::-1], here, atol=0.02)


def test_it_listens_as_well(toy):
    colorizer = Colorizer(toy / "toy.json", best=True)
    picture = np.full((128, 128), 90, np.uint8)
    plain = colorizer(picture)
    told = colorizer(picture, hints=Hints().point(20, 64, "#30408c", radius=8))
    assert np.abs(told.chroma - plain.chroma).max() > 10
    assert told.chroma.shape == plain.chroma.shape
