from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from selavi.cli import main
from selavi.files import UserError, write_csv
from selavi.reporting.tables import BUILDERS, make_tables
from selavi.reporting.tables.published import beside_published, published
from tests.reporting.tables.folders import SCORES, baselines, configure, metrics, results, table


def same_cells(csv: Path) -> None:
    """The Markdown and LaTeX files have the same cells, a row for each of the CSV's."""
    markdown = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in csv.with_suffix(".md").read_text().splitlines()
        if line.startswith("|")
    ]
    latex = [
        [cell.strip().replace("\\", "") for cell in line.removesuffix(r"\\").split("&")]
        for line in csv.with_suffix(".tex").read_text().splitlines()
        if line.endswith(r"\\") and not line.startswith("%")
    ]
    assert markdown[0] == latex[0]
    assert markdown[2:] == latex[1:]  # below the heads, and Markdown's line
    rows = pd.read_csv(csv, keep_default_na=False)
    assert [row[0] for row in markdown[2:]] == rows["run"].tolist() != []


def test_the_honest_row_comes_first_and_the_oracle_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "tables"
    assert main(["tables", "--results", str(results(tmp_path)), "--output", str(output)]) == 0
    rows = table(output, "clustering")
    assert rows["method"].tolist()[:2] == ["SeLaVi", "SeLaVi"]
    assert rows["modality"].tolist()[:2] == ["video+audio", "video"]
    assert rows.loc[rows["figure"] == "oracle", "nmi"].tolist() == [0.9]
    printed = capsys.readouterr().out
    assert "oracle: best head" in printed
    assert "…" not in printed
    assert max(map(len, printed.splitlines())) <= 80
    marked = (output / "clustering.md").read_text()
    assert "SeLaVi | video+audio | honest | 0.500 [0.400, 0.600] |" in marked
    for build in BUILDERS:
        same_cells(output / f"{build.__name__}.csv")


def test_results_of_another_protocol_say_so_and_are_compared_with_nothing(tmp_path: Path) -> None:
    make_tables(results(tmp_path, one="AVE"), None, tmp_path / "tables")
    rows = table(tmp_path / "tables", "baselines").set_index("method")
    others = rows[rows.index.str.contains("MVEB")]
    assert others["nmi_paper"].tolist() == [0.81, 0.87]
    assert others["nmi_difference"].isna().all()
    assert others["note"].str.contains(r"by another protocol \(MVEB: k-means on frozen").all()
    assert others["paper_source"].str.contains("2606.14958").all()


def test_all_methods_of_a_dataset_are_in_one_table(tmp_path: Path) -> None:
    for run, nmi in (("one", 0.0), ("two", 0.1), ("three", 0.2)):
        table_of_run = metrics()
        table_of_run["nmi"] += nmi
        table_of_run["nmi_chance"], table_of_run["accuracy_chance"] = 0.03, 0.12
        write_csv(tmp_path / "metrics" / run / "train.csv", table_of_run)
    frozen = {"video_encoder": "frozen", "audio_encoder": "frozen"}
    others = {
        run: {"dataset": "demo", "method": method, "network": frozen}
        for run, method in (("two", "kmeans"), ("three", "auto"))
    }
    files = {"features": {"video": "video.npz", "audio": "audio.npz"}}
    configure(tmp_path, {"one": "demo"} | others, files)
    write_csv(
        tmp_path / "cluster-features/three/candidates.csv",
        pd.DataFrame({"method": ["ward", "kmeans"]}),
    )
    make_tables(tmp_path, None, tmp_path / "tables")
    rows = table(tmp_path / "tables", "methods")
    assert rows["method"].tolist() == ["SeLaVi", "k-means", "Ward (auto)", "chance"]
    assert rows["run"].tolist() == ["one", "two", "three", ""]
    assert rows["nmi"].tolist() == pytest.approx([0.5, 0.6, 0.7, 0.03])
    assert rows["accuracy"].tolist()[3] == 0.12
    clustering = table(tmp_path / "tables", "clustering").set_index("run")
    assert set(clustering.loc["one", "method"]) >= {"SeLaVi", "SeLaVi, head 0"}
    assert set(clustering.loc["two", "method"]) >= {"k-means", "k-means, head 0"}


def test_a_baseline_has_the_preparation_that_agreement_selects(tmp_path: Path) -> None:
    make_tables(results(tmp_path), None, tmp_path / "tables")
    rows = table(tmp_path / "tables", "baselines").set_index("method")
    assert rows.loc["k-means trained", ["preparation", "nmi"]].tolist() == ["l2_pca", 0.4]
    oracle = rows.loc["k-means trained, oracle"]
    assert oracle[["preparation", "nmi", "figure"]].tolist() == ["standardise_pca", 0.6, "oracle"]
    assert 0.3 not in rows["nmi"].tolist()


def test_the_papers_figures_stand_beside_ours(tmp_path: Path) -> None:
    make_tables(results(tmp_path, one="VGG_Sound"), None, tmp_path / "tables")
    rows = table(tmp_path / "tables", "clustering").set_index(["method", "modality"])
    ours = rows.loc[("SeLaVi", "video+audio")]
    assert ours["nmi_paper"] == 0.559
    assert pd.isna(ours["nmi_difference"])  # an honest figure is not measured by an oracle's
    best = rows.loc[("oracle: best head", "video+audio")]  # as the paper's figure was chosen
    assert best["nmi_difference"] == pytest.approx(0.9 - 0.559)
    assert "(certain)" in ours["paper_source"]
    assert "(secondary)" in ours["paper_source"]  # of the ARI
    assert pd.isna(rows.loc[("SeLaVi", "video"), "nmi_paper"])
    released = rows.loc[("SeLaVi, first release", "video+audio")]
    assert pd.isna(released["nmi"])
    baselines = table(tmp_path / "tables", "baselines").set_index("method")
    assert pd.isna(baselines.loc["chance", "nmi_paper"])  # of this number of clips
    assert baselines.loc["random (paper)", "nmi_paper"] == 0.102  # not chance at any number
    assert baselines.loc["k-means supervised", "note"] == "not run: no weights"
    assert baselines.loc["XDC", "note"].startswith("not run")
    assert baselines.loc["SeLaVi", "nmi_paper"] == 0.559
    assert pd.isna(baselines.loc["SeLaVi", "nmi_difference"])
    text = (tmp_path / "tables/baselines.md").read_text()
    assert "| XDC | video |  | not run | 0.167 | - |" in text
    latex = (tmp_path / "tables/baselines.tex").read_text()
    assert latex.count(" \\\\\n") == 1 + len(baselines)


def test_runs_without_figures_say_so(tmp_path: Path) -> None:
    make_tables(results(tmp_path, two="demo"), None, tmp_path / "tables")
    rows = table(tmp_path / "tables", "clustering")
    missing = f"not run: no {tmp_path}/metrics/two/train.csv"
    assert rows.loc[rows["run"] == "two", "note"].tolist() == [missing]
    ablation = table(tmp_path / "tables", "ablation")
    assert ablation["changed"].tolist() == ["reference", "align: False"]
    assert ablation["note"].tolist() == ["", missing]
    assert ablation["oracle_nmi"].tolist()[0] == 0.9
    assert table(tmp_path / "tables", "retrieval")["note"].tolist() == ["not run: not configured"]


def test_seeds_of_one_setting_are_one_row_of_the_ablation(tmp_path: Path) -> None:
    folder = results(tmp_path)
    runs: dict[str, Any] = {"one": "demo"}
    runs["two"] = {"dataset": "demo", "labelling": {"align": False}}
    runs |= {f"one-seed{seed}": {"dataset": "demo", "seed": seed} for seed in (1, 2)}
    configure(folder, runs)
    write_csv(folder / "metrics/one-seed1/train.csv", metrics().assign(nmi=0.7))
    make_tables(folder, None, tmp_path / "tables")
    rows = table(tmp_path / "tables", "ablation").set_index("changed")
    assert rows.index.tolist() == ["reference", "align: False"]
    assert rows.loc["reference", "seeds"] == 2
    assert rows.loc["reference", "nmi"] == pytest.approx((0.5 + 0.7) / 2)
    assert rows.loc["reference", "nmi_sd"] == pytest.approx(0.1 * 2**0.5, abs=1e-5)
    assert rows.loc["reference", "note"] == f"not run: no {folder}/metrics/one-seed2/train.csv"


def test_clips_without_classes_say_so(tmp_path: Path) -> None:
    folder = results(tmp_path, bare="mine")
    of = {"dataset": "mine", "split": "train"}
    columns = ["modality", "choice", "head", "honest", "nmi", *SCORES, "classes", *of]
    unscored = pd.DataFrame([{"classes": 0} | of], columns=columns)
    write_csv(folder / "metrics/bare/train.csv", unscored)
    row = {"method": "chance", "modality": "none", "note": "not run: no clip has a class"} | of
    write_csv(folder / "baselines/bare/train.csv", pd.DataFrame([row]))
    make_tables(folder, None, tmp_path / "tables")
    for name in ("clustering", "baselines", "ablation"):
        rows = table(tmp_path / "tables", name)
        bare = rows[rows["run"] == "bare"]
        assert set(bare["note"]) == {"not run: no clip has a class"}
        assert set(bare["split"]) == {"train"}
        assert bare["nmi"].isna().all()
        assert rows.loc[rows["run"] == "one", "nmi"].notna().any()


def test_published_figures_have_sources_and_marks() -> None:
    for name in ("clustering", "baselines", "retrieval", "finetune"):
        rows = published(name)
        assert len(rows)
        assert set(rows["certainty"]) <= {"certain", "secondary"}
        assert (rows["source"] != "").all()
        assert rows["value"].between(0, 1).all()
        assert not rows.duplicated(["dataset", "pretraining", "method", "part", "measure"]).any()
        assert set(rows["choice"]) <= {"honest", "oracle"}


def test_a_dataset_that_nobody_published_gets_no_columns() -> None:
    ours = pd.DataFrame(
        [{"run": "a", "dataset": "mine", "method": "SeLaVi", "part": "x", "note": "", "nmi": 0.5}]
    )
    assert list(beside_published(ours, "clustering", {"a": "mine"})) == list(ours)


def test_nothing_to_show_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no runs in"):
        make_tables(tmp_path, None, None)


@pytest.mark.parametrize(
    ("file", "lacking"),
    [
        ("metrics/one/train.csv", "nmi"),
        ("metrics/one/train.csv", "honest"),
        ("baselines/one/train.csv", "modality"),
        ("evaluate-degraded/one.csv", "kilobytes"),
        ("retrieval/one/demo/0.csv", "modality"),
        ("finetune/one/demo/0.csv", "video_top1"),
    ],
)
def test_a_file_that_lacks_a_column_is_named_with_the_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, lacking: str
) -> None:
    top = {"epoch": 0, "clip_top1": 1, "clip_top5": 1, "video_top1": 1, "video_top5": 1, "note": ""}
    level = {"degraded": "video", "level": "a", "modality": "video", "kilobytes": 1, "nmi": 1}
    files = {
        "metrics/one/train.csv": metrics(),
        "baselines/one/train.csv": baselines(),
        "evaluate-degraded/one.csv": pd.DataFrame([level]),
        "retrieval/one/demo/0.csv": pd.DataFrame([{"modality": "video", "recall_at_1": 1}]),
        "finetune/one/demo/0.csv": pd.DataFrame([top]),
    }
    for name, content in files.items():
        write_csv(tmp_path / name, content)
    given = ["tables", "--results", str(tmp_path)]
    assert main(given) == 0
    write_csv(tmp_path / file, files[file].drop(columns=lacking))
    capsys.readouterr()
    assert main(given) == 1
    error = capsys.readouterr().err
    assert f"{tmp_path / file} has no column {lacking!r}; its columns:" in error
    rule = file.split("/")[0].replace("-", "_")
    assert f"make it again: selavi run -R {rule}\n" in error
