"""The summary of a labelling as a terminal shows it."""

import io
import re
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from selavi.label.summary import print_summary, summary
from tests.label.formats.conftest import labels_of

REJECTED = {
    "cluster": None, "confidence": None, "second": None, "margin": None, "modalities": "",
    "start": None, "end": None,
}  # fmt: skip


def shown(table: pd.DataFrame, most: int = 20, width: int = 120) -> list[str]:
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    console.print(summary(table, most))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return [line.rstrip() for line in text.replace("\xa0", " ").splitlines()]


def test_a_case_worked_by_hand() -> None:
    labels = labels_of(
        [
            {"path": "/v/a/x.mp4", "cluster": 3, "name": "dogs", "confidence": 0.5},
            {"path": "/v/b/x.mp4", "cluster": 3, "name": "dogs", "confidence": 0.7},
            {"path": "/v/c/y.mp4", "start": 60.0, "end": 70.0, "cluster": 3, "name": "dogs",
             "confidence": 0.9, "duplicate_of": "/v/c/y.mp4#t=0,10"},
            {"path": "/v/c/y.mp4", "cluster": 1, "confidence": 0.8},
            {"path": "/v/bad.mp4", "reason": "corrupt", "detail": "no moov", **REJECTED},
            {"path": "/v/c/y.mp4", "reason": "no-audio", "detail": "mute", **REJECTED,
             "start": 70.0, "end": 71.0},
            {"path": "/v/bad2.mp4", "reason": "corrupt", "detail": "empty", **REJECTED},
        ]
    )  # fmt: skip
    lines = shown(labels)
    assert lines[0] == "4 windows of 3 files (40 s) in 2 clusters; 1 of them repeat another"
    cells = [re.split(r"\s{2,}", line.strip()) for line in lines]
    assert ["cluster", "name", "windows", "confidence", "examples"] in cells
    assert ["3", "dogs", "3", "0.70", "b/x.mp4, a/x.mp4, c/y.mp4 1:00"] in cells
    assert ["1", "1", "0.80", "y.mp4 0:00"] in cells
    assert "2 files and 1 window without a cluster:" in lines
    assert ["corrupt", "2", "bad.mp4: no moov"] in cells
    assert ["no-audio", "1", "y.mp4: mute"] in cells
    order = [row[0] for row in cells if row[0] in ("3", "1", "corrupt", "no-audio")]
    assert order == ["3", "1", "corrupt", "no-audio"]


def test_the_largest_clusters_are_shown_and_the_others_counted() -> None:
    labels = labels_of(
        [{"path": f"/v/{k}-{n}.mp4", "cluster": k} for k in range(5) for n in range(k + 1)]
    )
    lines = shown(labels, most=2)
    clusters = [line.split()[0] for line in lines if line.split() and line.split()[0].isdigit()]
    assert clusters == ["15", "4", "3"]  # the headline's 15 windows come first
    assert "and 3 more clusters" in lines
    assert "files" in lines[2].split()  # a file is a window
    assert "name" not in lines[2].split()


def test_repeated_windows_are_examples_last() -> None:
    rows = [
        {"path": "/v/copy.mp4", "confidence": 0.99, "duplicate_of": "/v/z.mp4#t=0,10"},
        {"path": "/v/x.mp4", "confidence": 0.5},
        {"path": "/v/y.mp4", "confidence": 0.6},
    ]
    assert any(line.endswith("y.mp4, x.mp4, copy.mp4") for line in shown(labels_of(rows)))


def test_nothing_labelled() -> None:
    lines = shown(labels_of([{"path": "/v/x.mp4", "reason": "corrupt", "detail": "", **REJECTED}]))
    assert lines[0] == "nothing could be labelled"
    assert "1 file without a cluster:" in lines


@pytest.mark.parametrize("width", [40, 80])
def test_users_text_stays_text(width: int) -> None:
    hostile = "[bold]x[/bold] \x1b]0;title\x07\x1b[2J\r\n:smile:"
    rows = [
        {"path": f"/v/{hostile}.mp4", "cluster": 0, "name": hostile},
        {"path": f"/v/{hostile}", "reason": hostile, "detail": hostile, **REJECTED},
    ]
    lines = shown(labels_of(rows), width=width)
    text = "".join(lines)
    assert not re.search(r"[\x00-\x1f\x7f]", text)
    assert "[bold]x" in text.replace(" ", "")
    assert ":smile" in "".join(shown(labels_of(rows), width=200))
    assert all(len(line) <= width for line in lines)


def test_a_file_gets_80_columns_and_whole_addresses(capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"/v/{'long' * 6}{n}.mp4" for n in range(3)]
    deep = Path("/out/" + "folder/" * 20)
    files = {"labels": deep / "labels\x1b.csv", "page": deep / "index.html"}
    print_summary(labels_of([{"path": name} for name in names]), files)
    text = capsys.readouterr().out
    assert "\x1b" not in text
    *rest, labels, page = text.splitlines()
    assert max(map(len, rest)) <= 80
    joined = re.sub(r"\s", "", "".join(rest))
    assert all(Path(name).name in joined for name in names)  # all three are there, wrapped
    assert labels == f"labels  {deep}/labels .csv"
    assert page == f"page    file://{deep}/index.html"
