"""Which files each stage makes, for the configurations of this repository."""

import re
from pathlib import Path

import pytest
import yaml

from selavi.config_file import parse, read_yaml
from selavi.files import UserError
from selavi.models.zoo import released_models
from selavi.plan import CONFIG, TABLES, Plan
from selavi.preflight.config_files import read_config
from selavi.preflight.needed_weights import require_weights
from selavi.reporting.tables import BUILDERS
from selavi.settings import Config
from selavi.stages import COMMANDS, TARGETS

REPOSITORY = Path(__file__).parents[1]


def plan(*names: str, unlabelled: tuple[str, ...] = ()) -> Plan:
    config = read_config([REPOSITORY / "config" / name for name in names])
    return Plan(config, lambda dataset, split: f"{dataset}/{split}" not in unlabelled)


def test_the_demo_stage_by_stage() -> None:
    files = plan("demo.yaml").files
    assert tuple(sorted(files)) == tuple(sorted(TARGETS))
    shards = [f"results/shards/demo/train/0000{n}.tar" for n in range(4)]
    empty = ("degrade", "assign_degraded", "evaluate_degraded", "correct", "plot_degraded")
    empty += ("retrieval", "finetune", "neighbours")
    assert files == {stage: [] for stage in empty} | {
        "manifest": ["results/manifest/demo/train.csv", "results/manifest/demo/test.csv"],
        "shard": [*shards, "results/shards/demo/test/00000.tar"],
        "index": ["results/shards/demo/train/index.csv", "results/shards/demo/test/index.csv"],
        "pretrain": ["results/pretrain/demo/model.pt"],
        "import_model": [],
        "cluster_features": [],
        "embed": [],
        "agreement": ["results/agreement/demo.csv"],
        "tree": [],
        "assign": ["results/assign/demo/train.csv", "results/assign/demo/test.csv"],
        "name_clusters": ["results/name-clusters/demo.csv"],
        "map": ["results/map/demo.npz"],
        "logits": ["results/logits/demo/train.pt", "results/logits/demo/test.pt"],
        "metrics": ["results/metrics/demo/train.csv", "results/metrics/demo/test.csv"],
        "baselines": ["results/baselines/demo/train.csv", "results/baselines/demo/test.csv"],
        "figures": ["results/figures/demo/training.svg"],
        "distributions": ["results/distributions/demo.csv"],
        "explorer": ["results/explorer/demo/index.html"],
        "tables": [f"results/tables/{name}.csv" for name in TABLES],
        "costs": ["results/tables/costs.csv"],
    }


def test_degraded_levels_go_by_the_modalities_of_a_run() -> None:
    full = plan("demo.yaml", "demo-full.yaml")
    made = full.files["assign_degraded"]
    assert len(full.files["degrade"]) == 8
    assert [file.split("/")[2] for file in made] == (
        ["demo"] * 8 + ["demo-video"] * 4 + ["demo-audio"] * 4
    )
    audio = [Path(file).name for file in made if "/demo-audio/" in file]
    assert audio[0] == "audio-32kbps-16000hz.csv"
    assert all(name.startswith("audio-") for name in audio)
    only_video = full.degraded("{dataset}/{split}/{level}", ["demo-video"])
    assert only_video[0] == "demo/test/video-32px-crf30"
    assert full.files["plot_degraded"] == ["results/figures/degraded.svg"]


def test_subsets_of_the_paper_share_the_shards_of_their_parent() -> None:
    paper = plan("paper.yaml")
    assert len(paper.sharded) == 9
    assert paper.imported == []
    assert "kinetics-sound/val" in paper.subsets and "ucf101/test3" in paper.subsets
    assert not any("kinetics-sound" in file for file in paper.files["shard"])
    assert len(paper.files["shard"]) == 2 * (256 + 32) + (8 + 2 + 2) + 16 + 8
    assert paper.shards("kinetics-sound", "val") == paper.shards("kinetics", "val")
    assert paper.fold_shards("hmdb51", 2) == 2 * paper.shards("hmdb51", "all")
    assert paper.shards("ave", "val", "csv") == [
        "results/shards/ave/val/00000.csv", "results/shards/ave/val/00001.csv",
    ]  # fmt: skip
    assert len(paper.files["finetune"]) == 2 * 2 * 3
    assert "results/retrieval/kinetics/ucf101/1.csv" in paper.files["retrieval"]


def test_the_released_models_are_not_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SELAVI_ZOO", str(tmp_path))
    zoo = plan("paper.yaml", "zoo.yaml")
    runs = ["vgg-sound", "kinetics", "kinetics-sound", "ave"]
    files = zoo.files
    assert list(zoo.given) == runs
    assert zoo.given["ave"] == str(tmp_path / "selavi_ave.pth")
    assert files["pretrain"] == files["figures"] == files["distributions"] == []
    assert files["import_model"] == [f"results/pretrain/{run}/model.pt" for run in runs]
    assert files["explorer"] == [f"results/explorer/{run}/index.html" for run in runs]
    assert {file.split("/")[2] for file in files["assign"] + files["metrics"]} == set(runs)
    assert len(files["retrieval"]) == 4 * 2 and len(files["finetune"]) == 4 * 2 * 3
    sizes = {run: zoo.config.runs[run].network.clusters for run in runs}
    assert sizes == {m.name.replace("_", "-"): m.clusters for m in released_models().values()}


def test_weights_that_are_lacking_are_all_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SELAVI_ZOO", str(tmp_path / "zoo"))
    monkeypatch.chdir(tmp_path)
    zoo = plan("paper.yaml", "zoo.yaml")
    with pytest.raises(ValueError, match="selavi zoo get") as caught:
        require_weights(zoo)
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == [
        "runs.vgg-sound.weights", "runs.kinetics.weights", "runs.kinetics-sound.weights",
        "runs.ave.weights",
    ]  # fmt: skip
    for file in (*zoo.files["import_model"][:3], zoo.given["ave"]):  # made before, or got
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).touch()
    require_weights(zoo)


def test_a_run_may_have_the_weights_of_another_run() -> None:
    """And its model is made after it."""
    raw = read_yaml(REPOSITORY / "config/demo.yaml")
    model = "results/pretrain/demo/model.pt"
    raw["runs"]["again"] = {"dataset": "demo", "weights": model}
    both = Plan(parse(raw, Config, "test"), lambda dataset, split: True)
    assert both.given == {"again": model}
    assert both.trained == ["demo"]
    require_weights(both)


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ({"weights": "results/pretrain/new/model.pt"}, "weights: .* the model that this run makes"),
        ({"network": {"init": "zoo:vgg"}}, "network.init: 'vgg' is not in the model zoo, which"),
        ({"weights": "zoo:vgg"}, "weights: 'vgg' is not in the model zoo, which has"),
    ],
)
def test_weights_that_cannot_be(run: dict[str, object], words: str) -> None:
    raw = read_yaml(REPOSITORY / "config/demo.yaml")
    raw["runs"]["new"] = {"dataset": "demo"} | run
    with pytest.raises(UserError, match=rf"^runs\.new\.{words}"):
        require_weights(Plan(parse(raw, Config, "test"), lambda dataset, split: True))


def test_only_splits_with_classes_have_scores() -> None:
    without = plan("demo.yaml", unlabelled=("demo/train",))
    assert without.files["metrics"] == ["results/metrics/demo/test.csv"]
    assert without.resolved_config().labelled == {"demo": ["test"]}
    none = plan("demo.yaml", unlabelled=("demo/train", "demo/test"))
    assert none.files["baselines"] == none.files["tables"] == []


def test_files_that_need_no_classes_do_not_ask_for_them() -> None:
    """A folder of videos may have to be looked through for the answer."""

    def refuse(dataset: str, split: str) -> bool:
        raise AssertionError(f"asked for the classes of {dataset}/{split}")

    config = read_config([REPOSITORY / "config/demo.yaml", REPOSITORY / "config/demo-full.yaml"])
    lazy = Plan(config, refuse)
    assert lazy.shards("demo", "test") and lazy.fold_shards("demo", 0) and lazy.levels
    assert lazy.splits and lazy.sharded and not lazy.subsets and not lazy.imported
    with pytest.raises(AssertionError, match="asked for the classes of demo/train"):
        lazy.files_of("metrics")


def test_a_report_names_what_is_lacking(tmp_path: Path) -> None:
    demo = plan("demo.yaml")
    with pytest.raises(ValueError, match=r"no report: 13 results .* such as results/metrics/demo"):
        demo.require_results(tmp_path)
    for file in demo.files_of("metrics", "baselines", "tables", "figures", "distributions"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    with pytest.raises(ValueError, match="no report: 1 results"):
        (tmp_path / "results/metrics/demo/test.csv").unlink()
        demo.require_results(tmp_path)
    (tmp_path / "results/metrics/demo/test.csv").touch()
    demo.require_results(tmp_path)


def test_the_readme_of_the_results_lists_their_folders() -> None:
    full = plan("demo.yaml", "demo-full.yaml")
    made = [CONFIG, "results/demo-data/demo.csv", *full.files_of(*TARGETS)]
    folders = {file.split("/")[1] for file in made}
    text = (REPOSITORY / "results/README.md").read_text()
    listed = re.findall(r"`([a-z-]+)`", text.split("\n\n")[1].partition("; and")[0])
    assert set(listed) == folders
    assert len(listed) == len(folders)


def test_every_table_has_its_builder() -> None:
    assert tuple(builder.__name__ for builder in BUILDERS) == TABLES


def test_the_list_of_results_names_every_folder_that_a_stage_makes() -> None:
    full = plan("demo.yaml", "demo-full.yaml")
    folders = {Path(file).parts[1] for file in full.files_of(*TARGETS)}
    text = (REPOSITORY / "results/README.md").read_text()
    assert {folder for folder in folders if f"`{folder}`" not in text} == set()


def test_the_data_flow_lists_every_stage() -> None:
    text = (REPOSITORY / "docs/architecture.md").read_text()
    table = text.split("## Data flow")[1].split("Inside `pretrain`")[0]
    named = {name.replace("-", "_") for name in re.findall(r"`([a-z_-]+)`", table)}
    assert set(COMMANDS) - {name.replace("_", "-") for name in named} == {"settings"}


def test_initial_weights_that_another_run_makes_are_an_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here.pt").touch()
    init = {
        "first": "./here.pt", "second": "results/pretrain/first/model.pt", "third": "absent.pt",
        "fourth": "zoo:ave", "itself": "results/pretrain/itself/model.pt",
    }  # fmt: skip
    runs = {name: {"dataset": "demo", "network": {"init": s}} for name, s in init.items()}
    (tmp_path / "more.yaml").write_text(yaml.safe_dump({"runs": runs}))
    config = read_config([REPOSITORY / "config/demo.yaml", tmp_path / "more.yaml"])
    made = Plan(config, lambda dataset, split: True)
    with pytest.raises(UserError, match="third") as caught:
        require_weights(made)
    fourth, itself, third = str(caught.value).splitlines()  # sorted by yaml
    assert third.startswith("runs.third.network.init: absent.pt does not exist")
    assert fourth.startswith("runs.fourth.network.init: zoo:ave is not on this machine")
    assert "runs.itself.network.init" in itself and "is the model that this run makes" in itself
    for run in ("third", "fourth", "itself"):  # they have been trained
        Path(f"results/pretrain/{run}").mkdir(parents=True)
        Path(f"results/pretrain/{run}/model.pt").touch()
    with pytest.raises(UserError, match=r"^runs\.itself\.network\.init: [^\n]*$"):
        require_weights(made)
    assert {name: made.init_files(name) for name in config.runs if name != "itself"} == {
        "demo": [], "first": ["here.pt"], "second": ["results/pretrain/first/model.pt"],
        "third": [], "fourth": [],
    }  # fmt: skip
