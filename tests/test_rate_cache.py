"""What was measured on a machine is not measured again: it is found, as long as it holds."""

import os
import time
from pathlib import Path

import pytest
import torch
import yaml
from pydantic import TypeAdapter

from selavi import rate_cache
from selavi.estimates.cost import Seconds
from selavi.preflight.config_files import read_config
from selavi.preflight.estimate import estimate
from selavi.rate_cache import RateCache
from tests.preflight.test_preflight import DEMO, selavi

SECONDS = TypeAdapter(Seconds)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/selavi/rates"


class Measured:
    """A measurement that says how often it was made."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Seconds:
        self.times += 1
        return Seconds(self.times / 3, 0.25)


def test_what_was_measured_is_found_by_all_that_it_depends_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    measure = Measured()

    def times(key: object, again: bool = False) -> int:
        rate = RateCache(again).get(SECONDS, key, measure)
        assert rate == RateCache().get(SECONDS, key, measure)
        return measure.times

    assert [times("a"), times("a"), times("b"), times("a")] == [1, 1, 2, 2]
    assert times("a", again=True) == 3
    monkeypatch.setattr(rate_cache, "_machine", lambda: "another node")
    assert times("a") == 4
    monkeypatch.setattr(rate_cache, "_code", lambda: "after an update")
    assert times("a") == 5


def test_threads_of_an_earlier_training_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    measure, before = Measured(), torch.get_num_threads()
    try:
        torch.set_num_threads(before + 1)
        RateCache().get(SECONDS, "a", measure)
        torch.set_num_threads(before)
        RateCache().get(SECONDS, "a", measure)
    finally:
        torch.set_num_threads(before)
    assert measure.times == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "17")
    RateCache().get(SECONDS, "a", measure)
    assert measure.times == 2


@pytest.mark.parametrize("content", [b"", b'{"cpu": 1.0', b'{"cpu": "much", "device": 1}', b"\xff"])
def test_what_cannot_be_read_is_measured_again(cache: Path, content: bytes) -> None:
    measure = Measured()
    RateCache().get(SECONDS, "a", measure)
    (kept,) = cache.iterdir()
    kept.write_bytes(content)
    assert RateCache().get(SECONDS, "a", measure) == Seconds(2 / 3, 0.25)
    assert RateCache().get(SECONDS, "a", measure) == Seconds(2 / 3, 0.25)


def test_what_is_old_is_measured_again_and_removed(cache: Path) -> None:
    measure = Measured()
    for key in "ab":
        RateCache().get(SECONDS, key, measure)
    long_ago = time.time() - 86400 * (rate_cache.DAYS + 1)
    for path in cache.iterdir():
        os.utime(path, (long_ago, long_ago))
    RateCache().get(SECONDS, "a", measure)
    assert measure.times == 3
    assert len(list(cache.iterdir())) == 1


def test_without_a_folder_to_keep_them_in_rates_are_measured(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = Measured()
    cache.parents[1].write_text("a file in the folder's place")
    for _ in range(2):
        RateCache().get(SECONDS, "a", measure)
    monkeypatch.delenv("XDG_CACHE_HOME")

    def nobody() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", nobody)
    RateCache().get(SECONDS, "a", measure)
    assert measure.times == 3


@pytest.mark.slow
def test_an_estimate_measures_once_and_again_for_other_videos(
    demo_videos: Path, tmp_path: Path, cache: Path
) -> None:
    raw = yaml.safe_load(DEMO.read_text())
    raw["datasets"]["demo"] |= {"root": str(tmp_path / "videos"), "embedded": None}
    (tmp_path / "videos").symlink_to(demo_videos)
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(raw))
    first, second = RateCache(), RateCache()
    assert estimate(read_config([path]), first) == estimate(read_config([path]), second)
    assert (first.reused, second.reused) == (0, 2)  # of a video, and of a step
    assert len(list(cache.iterdir())) == 2
    done = selavi("estimate", "--configfile", str(path))
    assert "2 rates were measured before; --again measures them again" in done.stderr
    done = selavi("estimate", "--again", "--configfile", str(path))
    assert done.returncode == 0 and "measured before" not in done.stderr
    (tmp_path / "videos").unlink()
    (tmp_path / "videos").mkdir()
    for part in ("train", "test"):
        label = tmp_path / "videos" / part / "one"
        label.parent.mkdir()
        label.symlink_to(sorted((demo_videos / "train").iterdir())[0])
    raw["runs"]["demo"]["network"] = {"clusters": 2}
    raw["runs"]["demo"]["training"] = {"batch_size": 2}
    path.write_text(yaml.safe_dump(raw))
    others = RateCache()
    estimate(read_config([path]), others)
    assert others.reused == 0
