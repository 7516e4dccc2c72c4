"""The tables of a labelling, from rows worked by hand."""

import pandas as pd
import pytest

from selavi.files import UserError
from selavi.label.table import OUTCOMES, covered_seconds, labels_of


def test_seconds_that_several_windows_cover_count_once() -> None:
    rows = [("a", 0, 10), ("a", 1, 11), ("a", 20, 30), ("b", 5, 9), ("a", 2, 4)]
    assert covered_seconds(pd.DataFrame(rows, columns=["path", "start", "end"])) == 11 + 10 + 4


def test_a_window_without_cluster_and_reason_is_an_error() -> None:
    plan = pd.DataFrame(
        {
            "id": ["x"], "path": ["a.mp4"], "start": [0.0], "end": [1.0], "reason": "",
            "detail": "", "modalities": "video",
        }
    )  # fmt: skip
    nothing = pd.DataFrame(columns=list(OUTCOMES), dtype=object)
    with pytest.raises(UserError, match=r"neither a cluster nor a reason, such as one of a.mp4"):
        labels_of(plan, [nothing])
