"""Clips encoded again, assigned again: the real chain on a few real clips."""

from pathlib import Path

import pytest

from selavi.cli import main
from selavi.data.schema import read_index
from selavi.evaluation.evaluate_degraded import degrade
from selavi.files import UserError, read_csv, write_csv
from selavi.settings import AudioLevel, VideoLevel

LEVELS = [
    VideoLevel(short_side=16, crf=45),
    AudioLevel(kbps=12, rate=8000),
    AudioLevel(kbps=12, rate=8000, snr_db=-6.0),
]


@pytest.mark.slow
def test_the_chain_from_shards_to_table(model: Path, train_index: Path, tmp_path: Path) -> None:
    def assign(index: Path, csv: Path) -> None:
        assert main(["assign", "--model", str(model), "--index", str(index), "--csv", str(csv),
                     "--pickle", str(csv.with_suffix(".pkl"))]) == 0  # fmt: skip

    assign(train_index, tmp_path / "plain.csv")
    tables, assigned = [], []
    for level in LEVELS:
        flags = [
            (f"--{name.replace('_', '-')}", str(value))
            for name, value in level.model_dump(exclude_none=True).items()
        ]
        table = tmp_path / "degrade" / f"{level.name}.csv"
        assert main(["degrade", "--index", str(train_index), "--tar",
                     str(table.with_suffix(".tar")), "--table", str(table), "--threads", "2",
                     *(part for flag in flags for part in flag)]) == 0  # fmt: skip
        assign(table, tmp_path / "assign" / table.name)
        tables.append(str(table))
        assigned.append(str(tmp_path / "assign" / table.name))
    output = tmp_path / "evaluate-degraded" / "one.csv"
    assert main(["evaluate-degraded", "--assignments", str(tmp_path / "plain.csv"), "--index",
                 str(train_index), "--degraded", *assigned, "--tables", *tables,
                 "--output", str(output)]) == 0  # fmt: skip
    found = read_csv(output, ("level", "degraded", "modality"))
    assert len(found) == 3 * (2 + 3)
    as_stored = found[found["level"] == "as stored"]
    assert (as_stored["nmi_kept"].dropna() == 1).all()  # a cluster of all has none to keep
    same = found[(found["degraded"] == "audio") & (found["modality"] == "video")]
    assert same["nmi"].nunique() == 1  # the picture was left as it is
    sizes = found.groupby("level")["kilobytes"].first()
    assert sizes[LEVELS[0].name] < as_stored["kilobytes"].min()
    assert main(["plot-degraded", "--tables", str(output), "--output",
                 str(tmp_path / "d.svg")]) == 0  # fmt: skip
    assert "size of a clip (kB)" in (tmp_path / "d.svg").read_text()


@pytest.mark.slow
def test_the_same_bytes_whatever_the_threads(train_index: Path, tmp_path: Path) -> None:
    for name, threads in (("a", 1), ("b", 3)):
        folder = tmp_path / name
        degrade(train_index, LEVELS[0], folder / "x.tar", folder / "x.csv", threads)
    for suffix in ("tar", "csv"):
        one, other = (tmp_path / n / f"x.{suffix}" for n in ("a", "b"))
        assert one.read_bytes() == other.read_bytes()


def test_mistakes_are_said(train_index: Path, tmp_path: Path) -> None:
    write_csv(train_index.parent / "none.csv", read_index(train_index).iloc[:0])
    with pytest.raises(UserError, match="holds no clip to degrade"):
        degrade(train_index.parent / "none.csv", LEVELS[0], tmp_path / "x.tar", tmp_path / "x.csv")
    common = ["degrade", "--index", str(train_index), "--tar", str(tmp_path / "x.tar"),
              "--table", str(tmp_path / "x.csv")]  # fmt: skip
    assert main(common) == 1
    assert main([*common, "--crf", "30", "--kbps", "12"]) == 1
    assert main([*common, "--short-side", "15", "--crf", "30"]) == 1
    assert list(tmp_path.iterdir()) == []
