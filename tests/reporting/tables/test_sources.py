"""Which files the tables take their figures from, and what they say of those that are not there."""

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from selavi.cli import main
from selavi.config_file import write_section
from selavi.files import write_csv
from selavi.reporting.tables import make_tables
from selavi.settings import RunSettings
from tests.reporting.tables.folders import baselines, configure, folds, metrics, table

ROBUSTNESS = pd.DataFrame(
    {"level": ["as stored"], "degraded": ["video"], "modality": ["video"], "kilobytes": [1.0],
     "nmi": [0.5], "accuracy": [0.5], "nmi_kept": [1.0], "split": ["test"]}
)  # fmt: skip
RECALLS = pd.DataFrame({"modality": ["video"], "note": [""], "recall_at_1": [0.5]})
EPOCHS = pd.DataFrame(
    {"epoch": [1], "clip_top1": [0.5], "clip_top5": [0.5], "video_top1": [0.5],
     "video_top5": [0.5], "note": [""], "linear_probe": [False]}
)  # fmt: skip
JUDGED: dict[str, Any] = {
    "degrade": {"runs": ["one"]},
    "retrieval": folds(datasets={"actions": [1]}),
    "finetune": folds(datasets={"actions": [1]}),
}


def every_figure(folder: Path, dataset: str) -> Path:
    """Figures of one run in every stage, of a model trained on `dataset`."""
    write_csv(folder / "metrics/one/train.csv", metrics(dataset))
    write_csv(folder / "baselines/one/train.csv", baselines(dataset))
    write_csv(folder / "evaluate-degraded/one.csv", ROBUSTNESS.assign(dataset=dataset))
    write_csv(folder / "retrieval/one/actions/1.csv", RECALLS.assign(pretraining=dataset))
    write_csv(folder / "finetune/one/actions/1.csv", EPOCHS.assign(pretraining=dataset))
    return folder


def figures(folder: Path, runs: list[str] | None = None) -> dict[str, pd.DataFrame]:
    made = make_tables(folder, runs, folder / "tables")
    return {made_table.name: table(folder / "tables", made_table.name) for made_table in made}


MEASURE = {"degraded": "nmi", "retrieval": "recall_at_1", "finetune": "video_top1"}


def test_a_run_retrained_on_another_dataset_takes_none_of_its_old_figures(tmp_path: Path) -> None:
    configure(every_figure(tmp_path, "old"), {"one": "old"}, **JUDGED)
    for name, rows in figures(tmp_path).items():
        assert rows[MEASURE.get(name, "nmi")].notna().any(), name
    configure(tmp_path, {"one": "new"}, **JUDGED)
    for name, rows in figures(tmp_path).items():
        assert rows[MEASURE.get(name, "nmi")].isna().all(), name
        assert rows["note"].str.fullmatch("not run: .* old, not new; make it again").all(), name


def test_files_of_splits_that_are_no_longer_configured_are_left_alone(tmp_path: Path) -> None:
    configure(every_figure(tmp_path, "demo"), {"one": "demo"}, labelled=("test", "train"))
    for split in ("test", "renamed"):
        write_csv(tmp_path / f"metrics/one/{split}.csv", metrics(split=split))
        write_csv(tmp_path / f"baselines/one/{split}.csv", baselines().assign(split=split))
    tables = figures(tmp_path)
    assert list(dict.fromkeys(tables["clustering"]["split"])) == ["train", "test"]
    assert set(tables["baselines"]["split"]) == {"train", "test"}
    shutil.move(tmp_path / "metrics/one/renamed.csv", tmp_path / "metrics/one/test.csv")
    rows = figures(tmp_path)["clustering"].set_index("split")
    words = "/metrics/one/test.csv: its clips are of split renamed, not test; make it again"
    assert rows.loc["test", "note"].endswith(words)
    configure(tmp_path, {"one": "demo"}, degrade={"runs": ["one"], "split": "val"})
    note = figures(tmp_path)["degraded"]["note"].item()
    assert note.endswith("its clips are of split test, not val; make it again")


def test_a_file_that_does_not_say_what_it_is_of_is_not_credited(tmp_path: Path) -> None:
    configure(tmp_path, {"one": "demo"})
    write_csv(tmp_path / "metrics/one/train.csv", metrics().drop(columns="dataset"))
    rows = figures(tmp_path)["clustering"]
    assert rows["nmi"].isna().all()
    assert rows["note"].item().endswith("train.csv does not say its dataset; make it again")


def test_the_first_run_in_the_configuration_is_the_reference(tmp_path: Path) -> None:
    """Whatever the names, and whichever are shown."""
    configure(tmp_path, {"zeta": "vgg-sound", "alpha": {"dataset": "vgg-sound", "max_corrupt": 0}})
    for run in ("alpha", "zeta"):
        write_csv(tmp_path / "metrics" / run / "train.csv", metrics("vgg-sound"))
    tables = figures(tmp_path)
    rows = tables["clustering"]
    assert list(dict.fromkeys(rows["run"])) == ["zeta", "alpha", ""]
    compared = rows[rows["nmi_paper"].notna() & rows["nmi"].notna()]
    assert set(compared["run"]) == {"zeta"}
    assert compared.loc[compared["nmi_difference"].notna(), "figure"].tolist() == ["oracle"]
    assert tables["ablation"]["changed"].tolist() == ["reference", "max_corrupt: 0.0"]
    tables = figures(tmp_path, ["alpha"])
    rows = tables["clustering"]
    assert set(rows["run"]) == {"alpha", ""}
    assert rows.loc[rows["run"] == "alpha", "nmi_paper"].isna().all()
    assert tables["ablation"]["changed"].tolist() == ["max_corrupt: 0.0"]


def test_what_is_configured_and_not_made_is_told_from_what_is_not_configured(
    tmp_path: Path,
) -> None:
    configure(tmp_path, {"one": "demo", "two": "demo"}, baselines={"runs": ["two"]}, **JUDGED)
    notes = {name: rows["note"].tolist() for name, rows in figures(tmp_path).items()}
    missing = {
        "clustering": ["metrics/one/train.csv", "metrics/two/train.csv"],
        "baselines": ["metrics/two/train.csv", "baselines/two/train.csv"],
        "ablation": ["metrics/one/train.csv; not run: no {}/metrics/two/train.csv"],
        "degraded": ["evaluate-degraded/one.csv"],
        "retrieval": ["retrieval/one/actions/1.csv"],
        "finetune": ["finetune/one/actions/1.csv"],
    }
    for name, files in missing.items():
        expected = [f"not run: no {tmp_path}/{f.format(tmp_path)}" for f in files]
        assert notes[name] == expected, name
    configure(every_figure(tmp_path, "demo"), {"one": "demo"}, baselines={"runs": []})
    tables = figures(tmp_path)
    assert tables["clustering"]["nmi"].notna().all()
    for name in ("baselines", "degraded", "retrieval", "finetune"):
        assert tables[name]["note"].tolist() == ["not run: not configured"], name


def test_a_dataset_without_classes_is_told_from_figures_that_are_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(tmp_path, {"one": "mine"}, labelled=())
    tables = figures(tmp_path)
    for name in ("clustering", "baselines", "ablation"):
        assert set(tables[name]["note"]) == {"not run: no split of mine has classes"}, name
    said = capsys.readouterr().out
    assert said == "no scores: no split of mine has classes\n"  # and no empty tables


@pytest.mark.parametrize("configured", [True, False])
def test_a_run_that_is_not_there_is_a_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], configured: bool
) -> None:
    every_figure(tmp_path, "demo")
    if configured:
        configure(tmp_path, {"one": "demo", "two": "demo"})
    assert main(["tables", "--results", str(tmp_path), "--runs", "one", "nosuch"]) != 0
    said = capsys.readouterr()
    where = tmp_path / "settings/config.yaml" if configured else tmp_path
    known = "one, two" if configured else "one"
    assert f"{where} has no run 'nosuch', only: {known}" in said.err
    assert not said.out


def test_stages_run_by_hand_are_found_under_the_dataset_that_they_name(tmp_path: Path) -> None:
    every_figure(tmp_path, "vgg-sound")
    write_csv(tmp_path / "metrics/two/train.csv", metrics().drop(columns=["dataset", "split"]))
    trained = RunSettings.model_validate({"dataset": "vgg-sound"})
    write_section(tmp_path / "pretrain/one/config.yaml", trained)
    tables = figures(tmp_path)
    rows = tables["clustering"]
    assert rows.loc[rows["run"] == "one", "dataset"].unique().tolist() == ["vgg-sound"]
    assert rows.loc[rows["run"] == "two", "dataset"].unique().tolist() == [""]
    assert rows.loc[rows["run"] == "two", "nmi"].notna().all()
    assert rows.loc[rows["nmi_difference"].notna(), "run"].tolist() == ["one"]
    assert tables["ablation"]["changed"].tolist() == ["reference", "unknown settings of two"]
    for name, measure in MEASURE.items():
        assert tables[name][measure].notna().any(), name
    text = (tmp_path / "tables/clustering.md").read_text()
    assert text.startswith(f"There is no {tmp_path}/settings/config.yaml: these are all results")
    (tmp_path / "retrieval/one/actions/1.csv").unlink()
    assert figures(tmp_path)["retrieval"]["note"].tolist() == [f"not run: none found in {tmp_path}"]


def test_runs_found_by_hand_are_in_the_order_asked_for(tmp_path: Path) -> None:
    for run in ("a", "b", "c"):
        write_csv(tmp_path / f"metrics/{run}/train.csv", metrics())
        settings = RunSettings.model_validate({"dataset": "demo"})
        write_section(tmp_path / f"pretrain/{run}/config.yaml", settings)
    assert figures(tmp_path)["ablation"]["run"].tolist() == ["a"]
    tables = figures(tmp_path, ["c", "a"])
    assert list(dict.fromkeys(tables["clustering"]["run"])) == ["c", "a"]
    assert tables["ablation"]["run"].tolist() == ["c"]
