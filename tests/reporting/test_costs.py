from pathlib import Path

import pandas as pd
import pytest

from selavi.files import UserError
from selavi.reporting.costs import costs_table

HEAD = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def test_jobs_of_a_stage_are_added_up(tmp_path: Path) -> None:
    for name, seconds, memory in (("shard/a/train/0", 1800, "100"), ("shard/a/test/0", 3600, "-")):
        path = tmp_path / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEAD + f"{seconds}\t0:30:00\t{memory}\t1\t1\t1\t0\t0\t50\t9\n")
    (tmp_path / "pretrain").mkdir()
    (tmp_path / "pretrain/run.tsv").write_text(HEAD + "7200\t2:00:00\t50\t1\t1\t1\t0\t0\t50\t9\n")
    table = costs_table(tmp_path, tmp_path / "costs.csv", tmp_path / "costs.html")
    table = table.set_index("stage")
    assert table.index.tolist() == ["pretrain", "shard"]
    assert table.loc["shard"].tolist() == [2, 1.5, 3600, 100]
    assert pd.read_csv(tmp_path / "costs.csv").set_index("stage").equals(table)
    page = (tmp_path / "costs.html").read_text()
    cells = ("shard", "2", "1.50", "3600", "100")
    assert [cell in page for cell in (f">{cell}</td>" for cell in cells)] == [True] * 5


def test_nothing_measured_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no benchmark files in"):
        costs_table(tmp_path / "absent", tmp_path / "costs.csv")


def test_a_benchmark_file_without_a_column_is_named(tmp_path: Path) -> None:
    (tmp_path / "assign").mkdir()
    (tmp_path / "assign/one.tsv").write_text("s\n1\n")
    with pytest.raises(UserError, match=r"one\.tsv has no column 'max_rss'"):
        costs_table(tmp_path, tmp_path / "costs.csv")
