"""What `selavi run` knows of the stages."""

import pytest

from selavi.running import board as boards
from selavi.running.board import JOB_SECONDS, Board

PLAN = {"split_settings": 2, "shard": 2, "pretrain": 1, "metrics_all": 1, "all": 1, "total": 7}


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which only the test moves on."""
    clock = [100.0]
    monkeypatch.setattr(boards.time, "monotonic", lambda: clock[0])
    return clock


def job(rule: str, name: str) -> dict[str, object]:
    return {"rule_name": rule, "wildcards": {"place": "a/train", "n": name}, "log": [name]}


def test_stages_are_those_that_a_person_waits_for() -> None:
    board = Board()
    board.plan(PLAN)
    assert [(s.number, s.name, s.total) for s in board.stages.values()] == [
        (1, "shard", 2), (2, "pretrain", 1),
    ]  # fmt: skip
    assert board.complete


def test_shares_and_time_left_of_stages_with_many_jobs_and_with_one(now: list[float]) -> None:
    board = Board()
    board.plan(PLAN)
    board.start(1, job("shard", "0"))
    assert board.stages["shard"].started == now[0]
    board.start(2, job("shard", "1"))
    now[0] += 10
    running = board.job_of("1")
    assert running is not None
    running.update(1, 4, "videos")
    assert board.finish(1) is None
    ((stage, jobs),) = board.running()
    assert board.fraction(stage, jobs) == (1 + 0.25) / 2
    assert board.remaining(stage, jobs) == pytest.approx(10 / 0.625 * 0.375)
    assert board.label(stage, jobs) == "1 of 2 done"
    assert board.finish(2) is stage

    board.start(3, job("pretrain", "log"))
    running = board.job_of("log")
    assert running is not None
    assert board.remaining(board.stages["pretrain"], [running]) is None
    running.update(50, 100, "epoch 3/6")  # resumed: the first half took no time here
    now[0] += 20
    running.update(60, 100, "epoch 4/6")
    assert board.remaining(board.stages["pretrain"], [running]) == pytest.approx(80)
    assert board.label(board.stages["pretrain"], [running]) == "a/train/log epoch 4/6"
    running.update(1, 100, "k-means")  # another bar begins
    assert running.remaining() is None
    failed = board.fail(3)
    assert failed == (running, board.stages["pretrain"])
    assert board.stages["pretrain"].finished
    assert board.fail(3) is None
    assert board.failed == {3}
    board.start(3, job("pretrain", "log"))  # tried again
    assert not board.failed and not board.stages["pretrain"].finished
    assert board.finish(3) is board.stages["pretrain"]
    assert board.stages["pretrain"].failed == 0


def test_the_time_left_of_everything(now: list[float]) -> None:
    board = Board()
    board.plan({"shard": 2, "pretrain": 1, "metrics": 1, "all": 1, "total": 5})
    board.start(1, job("shard", "0"))
    running = board.job_of("0")
    assert running is not None
    running.update(1, 2, "videos")
    assert board.time_left() is None  # nothing is expected: the share is that of the jobs
    assert board.share_done() == pytest.approx(0.5 / 4)
    running.update(1, 9, "another bar")
    assert board.share_done() == pytest.approx(0.5 / 4)
    running.update(1, 2, "videos")

    board.expected = {"shard": 14.0, "pretrain": 97.0}
    now[0] += 10  # half of one of two jobs: 30 s are left
    assert board.time_left() == pytest.approx(30 + (97 + JOB_SECONDS) + JOB_SECONDS)
    assert board.share_done() == pytest.approx(10 / (10 + board.time_left()))
    board.start(2, job("shard", "1"))
    now[0] += 30
    for number in (1, 2):
        board.finish(number)
    assert board.stages["shard"].took == 40  # of the 20 s that were expected
    assert board.time_left() == pytest.approx(2 * (100 + JOB_SECONDS))

    board.start(3, job("pretrain", "log"))
    now[0] += 50
    assert board.time_left() == pytest.approx(50 + 2 * JOB_SECONDS)  # no bar yet
    running = board.job_of("log")
    assert running is not None
    running.update(0, 100, "epoch 1/9")
    now[0] += 10
    running.update(10, 100, "epoch 2/9")  # what is measured counts more than what is expected
    assert board.time_left() == pytest.approx(90 + 2 * JOB_SECONDS)
    board.finish(3)
    board.start(4, job("metrics", "log"))
    now[0] += 2
    board.finish(4)
    assert board.time_left() == 0 and board.share_done() == 1
