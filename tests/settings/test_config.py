import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from selavi.config_file import parse, read_section, write_section
from selavi.files import UserError
from selavi.settings import Config, RunSettings
from selavi.settings.json_schema import json_schema, schema_text
from selavi.settings.page import page

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def raw() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((REPOSITORY / "config/demo.yaml").read_text())
    return loaded


def test_schema_file_is_that_of_the_settings() -> None:
    path = REPOSITORY / "workflow/schemas/config.schema.json"
    remedy = "remake it: selavi settings --schema workflow/schemas/config.schema.json"
    assert path.read_text() == schema_text(), remedy


def test_the_page_on_settings_is_current() -> None:
    remedy = "remake it: selavi settings --describe config/README.md"
    assert (REPOSITORY / "config/README.md").read_text() == page(), remedy


def test_every_field_has_a_sentence() -> None:
    for name, section in json_schema()["$defs"].items():
        for field, schema in section["properties"].items():
            assert schema.get("description"), f"{name}.{field}"


def test_the_demo_and_what_is_laid_over_it_are_valid(raw: dict[str, Any]) -> None:
    over = yaml.safe_load((REPOSITORY / "config/demo-full.yaml").read_text())
    assert parse(raw, Config, "demo.yaml").runs.keys() == {"demo"}
    raw["runs"] |= over.pop("runs")
    raw |= over
    assert len(parse(raw, Config, "demo-full.yaml").runs) == 5


def test_runs_inherit_defaults_and_override_them(raw: dict[str, Any]) -> None:
    raw["defaults"]["training"] = {"epochs": 5, "batch_size": 8}
    raw["runs"]["other"] = {"dataset": "demo", "training": {"epochs": 2}}
    runs = parse(raw, Config, "c").runs
    assert runs["other"].training.epochs == 2
    assert runs["other"].training.batch_size == 8
    assert runs["demo"].training.epochs == 5


def test_the_machine_is_everyones_unless_overridden(raw: dict[str, Any]) -> None:
    raw["machine"] = {"workers": 3, "threads": 2}
    raw["runs"]["other"] = {"dataset": "demo", "machine": {"workers": 1}}
    raw["finetune"] = {"machine": {"threads": 1}}
    config = parse(raw, Config, "c")
    machines = {
        "all": config.machine, "demo": config.runs["demo"].machine,
        "other": config.runs["other"].machine, "retrieval": config.retrieval.machine,
        "finetune": config.finetune.machine,
    }  # fmt: skip
    assert {name: (m.workers, m.threads) for name, m in machines.items()} == {
        "all": (3, 2), "demo": (3, 2), "other": (1, 2), "retrieval": (3, 2), "finetune": (3, 1),
    }  # fmt: skip
    again = parse(config.model_dump(mode="json"), Config, "resolved")
    assert again == config


def test_a_mistake_of_the_machine_is_said_once(raw: dict[str, Any]) -> None:
    raw["machine"] = {"wrkers": 3}
    with pytest.raises(UserError) as caught:
        parse(raw, Config, "my.yaml")
    assert str(caught.value) == ("my.yaml:\n  machine.wrkers: unknown key; did you mean 'workers'?")


def test_defaults_are_the_papers() -> None:
    run = RunSettings(dataset="vgg_sound")
    assert (run.video.frames, run.video.crop, run.audio.filters) == (30, 112, 257)
    assert (run.network.heads, run.labelling.groups, run.labelling.lambda_) == (10, 2, 20)
    assert (run.labelling.optimisations, run.training.epochs, run.seed) == (100, 200, 31)


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        ("runs.demo.trainin", {}, ["runs.demo.trainin: unknown key", "did you mean 'training'?"]),
        ("defaults.training.epoch", 3, ["defaults.training.epoch", "did you mean 'epochs'?"]),
        ("defaults.labelling.lamda", 3, ["did you mean 'lambda'?"]),
        (
            "defaults.training.workers",
            2,
            ["training.workers: unknown key; did you mean 'machine.wo"],
        ),
        ("runs.demo.training", {"compile": True}, ["did you mean 'machine.compile'?"]),
        ("finetune", {"precision": "auto"}, ["did you mean 'machine.precision'?"]),
        ("defaults.machine", {}, ["defaults.machine: unknown key; it belongs at the top level"]),
        ("machine", None, ["machine = None"]),
        ("retrieval", None, ["retrieval = None"]),
        ("defaults.training.epochs", "x", ["defaults.training.epochs = 'x'", "integer"]),
        ("defaults.training.epochs", 0, ["defaults.training.epochs = 0", "greater than or equal"]),
        ("defaults.video.crop", 60, ["crop = 60", "scale_min = 32", "use crop <= 32"]),
        ("defaults.network.clusters", 900, ["800 training clips", "network.clusters = 900"]),
        ("defaults.labelling.groups", 9, ["labelling.groups = 9", "network.heads"]),
        ("defaults.network", {"fusion": "concat"}, ["fusion: concat", "labelling.align: false"]),
        ("defaults.network", {"fusion": "early"}, ["network.fusion = 'early'", "'concat'"]),
        (
            "runs.demo",
            {"dataset": "demo", "modalities": ["audio"], "network": {"fusion": "concat"}},
            ["fusion: concat", "modalities = ['audio']", "train on both"],
        ),
        (
            "runs.demo",
            {
                "dataset": "demo",
                "network": {"heads": 1},
                "labelling": {"groups": 1, "consensus": True},
            },
            ["labelling.consensus", "network.heads = 1"],
        ),
        ("defaults.audio.seconds", 2.0, ["min_seconds = 1.1"]),
        ("defaults.modalities", ["video", "video"], ["named twice"]),
        ("datasets.demo.splits", {"test": {}}, ["trains on the split called train"]),
        ("datasets.demo.splits.a/b", {}, ["datasets.demo.splits.a/b"]),
        ("runs.demo.dataset", "other", ["runs.demo.dataset = 'other'", "demo"]),
        ("runs.../../x", {"dataset": "demo"}, ["../../x"]),
        ("datasets", None, ["datasets = None"]),
    ],
)
def test_mistakes_are_named(raw: dict[str, Any], place: str, value: Any, words: list[str]) -> None:
    *path, last = ["runs", "../../x"] if place.startswith("runs...") else place.split(".")
    section = raw
    for part in path:
        section = section.setdefault(part, {})
    section[last] = value
    with pytest.raises(UserError) as caught:
        parse(raw, Config, "my.yaml")
    message = str(caught.value)
    assert "my.yaml" in message
    for word in words:
        assert word in message


def test_a_mistake_of_the_defaults_does_not_hide_one_of_an_evaluation(raw: dict[str, Any]) -> None:
    raw |= {"defaults": {"seed": -2}, "finetune": {"seed": -3}}
    with pytest.raises(UserError, match=r"finetune\.seed = -3") as error:
        parse(raw, Config, "c")
    assert "defaults.seed = -2" in str(error.value)


def test_an_inherited_mistake_is_said_once(raw: dict[str, Any]) -> None:
    raw["defaults"]["training"] = {"epoch": 3}
    with pytest.raises(UserError) as caught:
        parse(raw, Config, "my.yaml")
    assert str(caught.value).count("unknown key") == 1


def test_sections_survive_a_file(raw: dict[str, Any], tmp_path: Path) -> None:
    run = parse(raw, Config, "c").runs["demo"]
    write_section(tmp_path / "run.yaml", run)
    assert read_section(tmp_path / "run.yaml", RunSettings) == run


def test_bad_yaml_is_an_error_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a: [1,")
    with pytest.raises(UserError, match=r"x\.yaml is not valid YAML"):
        read_section(path, Config)
    with pytest.raises(UserError, match="No such file"):
        read_section(tmp_path / "absent.yaml", Config)
    assert json.loads(schema_text())["additionalProperties"] is False


def test_the_conda_environment_has_the_locked_versions() -> None:
    environment = yaml.safe_load((REPOSITORY / "workflow/envs/selavi.yaml").read_text())
    lock = (REPOSITORY / "requirements/run.txt").read_text()
    for requirement in environment["dependencies"][-1]["pip"]:
        assert f"\n{requirement} " in lock, f"{requirement}: remake it after requirements/lock.sh"


def test_a_dataset_set_to_null_takes_with_it_what_hangs_on_it() -> None:
    raw = yaml.safe_load((REPOSITORY / "config/paper.yaml").read_text())
    whole = parse(raw, Config, "paper")
    assert whole.runs["vgg-sound"].network.clusters == 309
    assert whole.retrieval.datasets == {"ucf101": [1], "hmdb51": [1]}
    raw["datasets"] |= {"kinetics": None, "hmdb51": None}
    raw["runs"]["vgg-sound-audio"] = None
    rest = parse(raw, Config, "paper")
    assert set(rest.datasets) == {"vgg-sound", "ave", "ucf101"}
    assert "vgg-sound" in rest.runs
    assert not {"kinetics", "kinetics-sound", "vgg-sound-audio"} & set(rest.runs)
    assert rest.baselines.runs == ["vgg-sound", "ave"]
    assert rest.degrade.runs == ["vgg-sound", "vgg-sound-video"]
    assert rest.retrieval.runs == ["vgg-sound"]
    assert rest.finetune.datasets == {"ucf101": [1, 2, 3]}
    assert rest.retrieval.runs == ["vgg-sound"]
    assert rest.finetune.datasets == {"ucf101": [1, 2, 3]}


def test_a_run_without_a_network_has_no_evaluations_of_one(raw: dict[str, Any]) -> None:
    raw["runs"]["other"] = {
        "dataset": "demo", "method": "kmeans",
        "network": {"video_encoder": "frozen", "audio_encoder": "frozen"},
    }  # fmt: skip
    raw["datasets"]["demo"]["features"] = {"video": "video.npz", "audio": "audio.npz"}
    assert parse(raw, Config, "c").networks == ["demo"]
    for stage in ("baselines", "retrieval", "finetune", "degrade"):
        with pytest.raises(UserError, match=rf"{stage}\.runs: other has method: kmeans and no"):
            parse(raw | {stage: {"runs": ["other"]}}, Config, "c")


def test_trainings_are_compared_if_the_seed_alone_differs(raw: dict[str, Any]) -> None:
    raw["runs"]["demo"] |= {"names": "names.csv"}
    raw["runs"] |= {
        "again": {"dataset": "demo", "seed": 1, "machine": {"workers": 0}},
        "twin": {"dataset": "demo"},
        "longer": {"dataset": "demo", "seed": 2, "training": {"epochs": 3}},
        "given": {"dataset": "demo", "seed": 3, "weights": "model.pt"},
        "same": {"dataset": "demo", "seed": 4, "weights": "model.pt"},
    }
    config = parse(raw, Config, "c")
    found = {run: config.other_seeds(run) for run in config.runs}
    assert found == {
        "demo": ["again"], "again": ["demo", "twin"], "twin": ["again"],
        "longer": [], "given": [], "same": [],
    }  # fmt: skip
