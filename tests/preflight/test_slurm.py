"""Words of Slurm's commands."""

from selavi.preflight.slurm import _gpus, _minutes


def test_slurms_words() -> None:
    assert _minutes("2-03:04:00") == 2 * 1440 + 3 * 60 + 4
    assert _minutes("30:00") == 30
    assert _minutes("infinite") is None
    assert [_gpus(text) for text in ("gpu:4", "gpu:a100:2", "gpu", "")] == [4, 2, 1, 0]
