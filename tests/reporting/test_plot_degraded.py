from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

from selavi.files import UserError, write_csv
from selavi.reporting.plot_degraded import plot_degraded


def table(path: Path, *rows: tuple[str, str, float, float]) -> Path:
    columns = ["degraded", "modality", "kilobytes", "nmi"]
    write_csv(path, pd.DataFrame(rows, columns=columns).assign(level="x"))
    return path


def test_a_curve_for_each_run_and_modality(tmp_path: Path, drawn: list[Figure]) -> None:
    tables = [
        table(
            tmp_path / "one.csv",
            ("video", "video", 40, 0.8), ("video", "video", 10, 0.5), ("video", "audio", 20, 0.3),
            ("audio", "audio", 30, 0.4), ("", "video", 90, 0.9),
        ),
        table(tmp_path / "two.csv", ("video", "video", 15, 0.6), ("video", "video", 30, 0.7)),
    ]  # fmt: skip
    plot_degraded(tables, tmp_path / "a.svg")
    panels = [
        {line.get_label(): line.get_xydata().tolist() for line in axes.lines}
        for axes in drawn[0].axes
    ]
    assert panels == [
        {
            "one, video": [[10, 0.5], [40, 0.8]],
            "one, audio": [[20, 0.3]],
            "two, video": [[15, 0.6], [30, 0.7]],
        },
        {"one, audio": [[30, 0.4]]},
    ]
    video = drawn[0].axes[0]
    assert all(text in (tmp_path / "a.svg").read_text() for text in panels[0])
    assert video.lines[0].get_color() != video.lines[1].get_color()  # modalities
    assert video.lines[1].get_linestyle() != video.lines[2].get_linestyle()  # runs


def test_without_levels_there_is_nothing_to_draw(tmp_path: Path) -> None:
    only = table(tmp_path / "one.csv", ("", "video", 90, 0.9))
    with pytest.raises(UserError, match=r"one\.csv"):
        plot_degraded([only], tmp_path / "a.svg")
