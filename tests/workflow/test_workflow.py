"""The real workflow: Snakemake, ffmpeg, training and the page, on a tiny cut of the demo."""

import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.metrics import normalized_mutual_info_score

from selavi.plan import TABLES
from tests.reporting.pages import run_of
from tests.reporting.tables.test_tables import same_cells
from tests.workflow.running import ENVIRONMENT, OVERLAY, TINY, rules_run, snakemake


@pytest.fixture(scope="module")
def finished(checkout: Path) -> Path:
    snakemake(checkout, *OVERLAY)
    return checkout / "results"


def test_the_whole_plan_is_known_at_once(checkout: Path) -> None:
    plan = snakemake(checkout, *OVERLAY, "-n", "--forceall")
    counts = dict(re.findall(r"^(\w+) +(\d+)$", plan, re.MULTILINE))
    assert counts["shard"] == "3"
    assert (
        counts["pretrain"] == counts["name_clusters"] == counts["explorer"] == "1" == counts["map"]
    )
    assert counts["assign"] == counts["metrics"] == counts["baselines"] == "2"
    assert counts["degrade"] == counts["assign_degraded"] == "3"
    for stage in (
        "evaluate_degraded",
        "retrieval",
        "finetune",
        "neighbours",
        "plot_degraded",
        "tables",
    ):
        assert counts[stage] == "1"
    assert "logits" not in counts  # on request only: it is large
    _, *jobs = re.split(r"^(?:local)?rule (\w+):$", plan, flags=re.MULTILINE)
    pairs = zip(jobs[::2], jobs[1::2], strict=True)
    assert {rule for rule, text in pairs if "device=" in text} == {
        "pretrain", "assign", "map", "assign_degraded", "baselines", "retrieval", "finetune",
    }  # fmt: skip


def test_only_the_runs_asked_for_stand_beside_baselines(checkout: Path) -> None:
    more = checkout / "more.yaml"
    more.write_text("runs: {second: {dataset: demo}}\nbaselines: {runs: [second]}\n")
    plan = snakemake(checkout, *OVERLAY, more.name, "-n", "--forceall")
    counts = dict(re.findall(r"^(\w+) +(\d+)$", plan, re.MULTILINE))
    assert (counts["metrics"], counts["baselines"]) == ("4", "2")
    assert "results/baselines/second/test.csv" in plan
    assert "results/baselines/demo/" not in plan


def test_every_output_is_there_and_right(finished: Path) -> None:
    train = pd.read_csv(finished / "assign/demo/train.csv")
    assert len(train) == 30
    assert train["cluster"].between(0, 4).all()
    assert train["confidence"].between(1 / 5, 1).all()  # of five clusters, the likeliest
    assert train["label"].nunique() == 5
    rejected = pd.read_csv(finished / "shards/demo/train/rejected.csv")
    assert sorted(rejected["reason"]) == [
        "empty-file", "no-audio", "too-short", "unreadable", "unreadable",
    ]  # fmt: skip
    test = pd.read_csv(finished / "assign/demo/test.csv")
    assert len(test) == 10
    table = pd.read_csv(finished / "tables/clustering.csv")
    honest = table[(table["method"] == "SeLaVi") & (table["modality"] == "video+audio")]
    scores = honest.set_index("split")["nmi"]
    for split, clips in (("train", train), ("test", test)):
        expected = normalized_mutual_info_score(clips["label"], clips["cluster"])
        assert scores[split] == pytest.approx(expected, abs=1e-6)
    assert "| SeLaVi |" in (finished / "tables/clustering.md").read_text()
    table = pd.read_csv(finished / "tables/baselines.csv")
    methods = {"SeLaVi", "chance", "k-means raw", "k-means untrained", "k-means trained"}
    named = set(table["method"].str.removesuffix(", oracle"))
    assert methods | {"k-means supervised"} == named
    unscored = table[table["method"] == "k-means supervised"]
    assert unscored["note"].str.startswith("not run: ").all()
    assert (finished / "figures/demo/training.svg").read_text().lstrip().startswith("<?xml")
    assert (finished / "figures/demo/training.svg").read_text().count("with classes") == 1
    page = finished / "explorer/demo/index.html"
    known = run_of(page)
    assert {row["split"] for row in known["scores"]} == {"train", "test"}
    assert known["curves"]["epoch"] and known["prescribed"] and known["baselines"]
    shown = {p.stem for p in (page.parent / "clips").glob("*.mp4")}
    assert shown <= set(train["id"].astype(str))
    assert len(shown) == train["cluster"].value_counts().clip(upper=2).sum()


def test_every_evaluation_has_its_table(finished: Path) -> None:
    tables = {p.stem: pd.read_csv(p) for p in (finished / "tables").glob("*.csv")}
    assert {"pretrain", "finetune"} <= set(tables.pop("costs")["stage"])
    assert sorted(tables) == [
        "ablation", "baselines", "clustering", "degraded", "finetune", "methods",
        "retrieval",
    ]  # fmt: skip
    for name, table in tables.items():
        assert len(table), name
        same_cells(finished / f"tables/{name}.csv")
    levels = {"as stored", "video-16px-crf40", "audio-12kbps-8000hz", "audio-12kbps-8000hz--3db"}
    assert set(tables["degraded"]["level"]) == levels
    assert tables["finetune"]["figure"].tolist() == ["honest", "oracle"]
    assert tables["retrieval"]["modality"].tolist() == [
        "video", "video to audio", "audio to video",
    ]  # fmt: skip
    sizes = pd.read_csv(finished / "distributions/demo.csv")
    assert sizes.groupby("head")["clips"].sum().tolist() == [30, 30]
    for name, words in (("demo/distributions", "gaussian"), ("degraded", "demo, video+audio")):
        assert words in (finished / f"figures/{name}.svg").read_text()
    picture = matplotlib.image.imread(finished / "figures/demo/neighbours-demo-0.png")
    assert len(np.unique(picture.reshape(-1, picture.shape[2]), axis=0)) > 100  # not blank


def test_the_pickle_says_what_the_table_says(finished: Path) -> None:
    table = pd.read_csv(finished / "assign/demo/train.csv")
    with (finished / "assign/demo/train.pkl").open("rb") as file:
        content: dict[str, Any] = pickle.load(file)
    assert content["format"] == "selavi-assignments-2"
    assert content["clips"]["key"].tolist() == table["key"].tolist()
    assert set(content["clusters"]) == {"video+audio", "video", "audio"}
    assert content["clusters"]["video+audio"].shape == (30, 2)
    chosen = content["clusters"]["video+audio"][:, content["head"]]
    assert chosen.tolist() == table["cluster"].tolist()
    assert content["confidences"]["audio"].shape == (30, 2)


def test_nothing_is_left_to_do(checkout: Path, finished: Path) -> None:
    assert "Nothing to be done" in snakemake(checkout, *OVERLAY)


def test_one_stage_is_run_again_by_its_file_or_its_name(checkout: Path, finished: Path) -> None:
    target = "results/metrics/demo/train.csv"
    before = (finished / "metrics/demo/train.csv").read_bytes()
    (checkout / target).unlink()
    assert set(rules_run(snakemake(checkout, *OVERLAY, "--", target))) == {"metrics"}
    assert (checkout / target).read_bytes() == before
    plan = snakemake(checkout, *OVERLAY, "-n", "--forcerun", "metrics", "--", "metrics_all")
    assert set(rules_run(plan)) == {"metrics", "metrics_all"}


def test_any_target_leaves_the_configuration_that_tables_go_by(
    checkout: Path, finished: Path, tmp_path: Path
) -> None:
    settings = finished / "settings/config.yaml"
    before = settings.read_bytes()
    settings.unlink()
    done = rules_run(snakemake(checkout, *OVERLAY, "--", "retrieval_all"))
    assert set(done) == {"config_settings", "retrieval_all"}
    assert settings.read_bytes() == before
    assert "Nothing to be done" in snakemake(checkout, *OVERLAY)  # tables neither: it is the same
    command = [sys.executable, "-m", "selavi", "tables", "--results", "results"]
    subprocess.run(
        [*command, "--output", str(tmp_path)], cwd=checkout, env=ENVIRONMENT, check=True,
        capture_output=True,
    )  # fmt: skip
    for path in tmp_path.iterdir():
        assert path.read_bytes() == (finished / "tables" / path.name).read_bytes()
    assert len(list(tmp_path.iterdir())) == 4 * len(TABLES)


def test_another_configuration_makes_only_its_tables_again(checkout: Path, finished: Path) -> None:
    (checkout / "fewer.yaml").write_text("finetune: {runs: []}\nexplorer: {clips_per_cluster: 3}\n")
    plan = snakemake(checkout, *OVERLAY, "fewer.yaml", "-n", "--", "tables_all")
    assert set(rules_run(plan)) == {"config_settings", "tables", "tables_all"}


def test_a_changed_setting_reruns_what_depends_on_it(checkout: Path, finished: Path) -> None:
    other = TINY | {"explorer": {"clips_per_cluster": 3}}
    other["retrieval"] = TINY["retrieval"] | {"pictures": 1}
    (checkout / "other.yaml").write_text(yaml.safe_dump(other))
    plan = snakemake(checkout, "-n", "--configfile", "config/demo.yaml", "other.yaml")
    assert set(rules_run(plan)) == {
        "explorer", "config_settings", "neighbours", "tables", "costs", "all",
    }  # fmt: skip


def test_names_of_clusters_change_what_shows_them_and_no_more(
    checkout: Path, finished: Path
) -> None:
    named = pd.read_csv(finished / "name-clusters/demo.csv", keep_default_na=False)
    assert named["cluster"].tolist() == [0, 1, 2, 3, 4]
    assert named["size"].sum() == 30
    classes = set(pd.read_csv(finished / "assign/demo/train.csv")["label"])
    suggested = named.loc[named["source"] == "classes", "name"].str.replace(
        r" \(\d\)$", "", regex=True
    )
    assert {name for names in suggested for name in names.split(" / ")} <= classes
    (checkout / "named.yaml").write_text("runs: {demo: {names: 'my names.csv'}}\n")
    missing = snakemake(checkout, *OVERLAY, "named.yaml", "-n", code=1)
    assert "runs.demo.names: my names.csv does not exist" in missing
    (checkout / "my names.csv").write_text("cluster,name\n0,first\n")
    plan = snakemake(checkout, *OVERLAY, "named.yaml", "-n", "-p")
    assert set(rules_run(plan)) == {"name_clusters", "distributions", "explorer", "costs", "all"}
    (command,) = re.findall(r"selavi name-clusters .*", plan)
    assert "--clusters=5 '--names=my names.csv'" in command


def test_a_page_compares_runs_that_differ_by_seed_alone(checkout: Path) -> None:
    runs = "{again: {dataset: demo, seed: 1}, longer: {dataset: demo, training: {epochs: 3}}}"
    (checkout / "seeds.yaml").write_text(f"runs: {runs}\n")
    plan = snakemake(checkout, *OVERLAY, "seeds.yaml", "-n", "-p", "--", "explorer_all")
    commands = re.findall(r"selavi explorer .* --title (\w+) (.*)", plan)
    others = {run: re.findall(r"--seeds (\S+)", words) for run, words in commands}
    assert others == {
        "demo": ["results/assign/again/train.csv"],
        "again": ["results/assign/demo/train.csv"],
        "longer": [],
    }


def test_the_report_is_made(checkout: Path, finished: Path) -> None:
    (checkout / "others.yaml").write_text("runs: {other: {dataset: demo}, demo: ~}\n")
    output = snakemake(checkout, "--report", "report.html", *OVERLAY, "others.yaml", code=1)
    assert "such as results/metrics/other/train.csv. Run the same command without" in output
    assert f"made with: {finished.name}/settings/config.yaml has the runs demo" in output
    snakemake(checkout, *OVERLAY, "--report", "report.html")
    text = (checkout / "report.html").read_text()
    for caption in (
        "with a machine-readable reason",
        "not an honest result",
        "share of labels that an update changed",
        "re-encoded at lower quality",
        "the nearest training videos",
        "results/explorer/demo/index.html",
    ):
        assert caption in text
