"""The steps at which labels are updated."""

import itertools

from selavi.labelling.schedule import relabelling_steps


def test_schedule_is_dense_at_first_and_leaves_the_end_out() -> None:
    steps = relabelling_steps(100, 1.5, 200 * 1000)
    assert len(steps) == 99
    assert steps[0] == 0
    assert steps[1] == int(200_000 * (1 / 99) ** 1.5)
    assert steps[-1] == int(200_000 * (98 / 99) ** 1.5) < 200_000
    gaps = [b - a for a, b in itertools.pairwise(steps)]
    assert gaps == sorted(gaps) or all(b >= a - 1 for a, b in itertools.pairwise(gaps))


def test_schedule_of_a_short_run() -> None:
    assert relabelling_steps(1, 1.5, 10) == [0]
    assert relabelling_steps(100, 1.5, 3) == [0, 1, 2]
