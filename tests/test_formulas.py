"""Cells that a spreadsheet would run, and how they come back."""

import csv
import itertools
from pathlib import Path

import pandas as pd
import pytest

from selavi.files import read_csv, write_csv
from selavi.formulas import RAW

RUN = [
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n@x", " =1", "＝1+1", "\tx", "-x.mp4",
    "=cmd|'/c calc'!A0", "-1;=2",
]  # fmt: skip
# Opened with ";" for the separator, these have cells of their own within.
WITHIN = ["a;=1+1.mp4", "a\n=1", "a\t-x", "a;'=1", "a; +1;@b"]
OWN = ["'=1", "''=1", "'''-a", "'\t", "' '=1", "a;''=1", "'-3.5", "\t'=1", "'\t'=1"]
PLAIN = [
    "a-b",
    "x=y.mp4",
    "a, -b",
    "it's",
    "'quoted'",
    "'",
    "''",
    "",
    "-3.5",
    "+1",
    "-1e-5",
    "-3,5",
]


def cells(path: Path) -> list[str]:
    with path.open(newline="", encoding="utf-8") as file:
        return [row[0] for row in csv.reader(file)][1:]


def test_no_cell_begins_as_a_formula_does_and_all_come_back(tmp_path: Path) -> None:
    words = [*RUN, *WITHIN, *OWN, *PLAIN]
    write_csv(tmp_path / "t.csv", pd.DataFrame({"text": words, "number": -1.5, "count": -2}))
    written = cells(tmp_path / "t.csv")
    assert all(cell.startswith("'") for cell in written[: len(RUN)])
    assert written[len(RUN)] == "a;'=1+1.mp4"
    assert written[-len(PLAIN) :] == PLAIN
    text = (tmp_path / "t.csv").read_text()
    assert ',"-1.500000",-2\n' in text
    back = read_csv(tmp_path / "t.csv", ("text",))
    assert back["text"].tolist() == words
    assert (back["number"] == -1.5).all() and (back["count"] == -2).all()


def test_every_short_text_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    letters = ["'", "=", "-", "1", ";", "\t", "\n", " ", "a"]
    words = ["".join(w) for n in range(1, 6) for w in itertools.product(letters, repeat=n)]
    for raw in ("", "1"):
        monkeypatch.setenv(RAW, raw)
        write_csv(tmp_path / "t.csv", pd.DataFrame({"text": words}))
        assert read_csv(tmp_path / "t.csv", ("text",))["text"].tolist() == words


@pytest.mark.parametrize("raw", ["", "1"])
def test_a_large_cell_takes_time_by_its_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raw: str
) -> None:
    """By its length squared, each of these takes many minutes."""
    monkeypatch.setenv(RAW, raw)
    size = 300_000
    large = ["\n" * size, "=" + "\n" * size, "\t'" * size, ";" + " " * size, "1" * size + "x"]
    large += ["'" * size + "a", "\r\n;" * size + "=1", "-" * size]
    for cell in large:
        table = pd.DataFrame({"text": [cell, "=1"]})
        write_csv(tmp_path / "t.csv", table)
        assert read_csv(tmp_path / "t.csv", ("text",))["text"].tolist() == [cell, "=1"]


def test_raw_cells_are_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for those that begin with an apostrophe where it would be taken for the guard."""
    monkeypatch.setenv(RAW, "1")
    write_csv(tmp_path / "t.csv", pd.DataFrame({"text": [*RUN, *WITHIN, *PLAIN, "'=1"]}))
    expected = [w.replace(";'", ";''") for w in WITHIN]
    assert cells(tmp_path / "t.csv") == [*RUN, *expected, *PLAIN, "''=1"]


def test_names_of_columns_are_cells_too(tmp_path: Path) -> None:
    table = pd.DataFrame({"=cmd()": ["007", "-x"], "n": [1, 2]})
    write_csv(tmp_path / "t.csv", table)
    assert (tmp_path / "t.csv").read_text().startswith('"\'=cmd()","n"\n')
    pd.testing.assert_frame_equal(read_csv(tmp_path / "t.csv", numbers=("n",)), table)
