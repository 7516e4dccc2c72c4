"""What `preset` stands for: values that fit together, under those that are given."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from selavi.cli import main
from selavi.config_file import parse, read_section
from selavi.files import UserError
from selavi.settings import Config, DatasetSettings, MediaSettings, RunSettings
from selavi.settings.presets import PRESETS

REPOSITORY = Path(__file__).parent.parent.parent
# The demo's recipe, written out.
MEDIA: dict[str, Any] = {
    "short_side": 36, "fps": 8, "keyframe_seconds": 0.5, "audio_rate": 16000, "min_seconds": 1.1,
}  # fmt: skip
RECIPE: dict[str, Any] = {
    "seed": 0,
    "video": {
        "frames": 6, "fps": 6, "scale_min": 32, "scale_max": 40, "crop": 32, "flip": 0.0,
        "grey": True, "normalise": "clip", "jitter": 0.2,
    },
    "audio": {
        "seconds": 1.0, "filters": 40, "fft": 512, "normalise": "clip", "shift": 8,
        "mask_filters": 6, "mask_frames": 15,
    },
    "network": {
        "video_encoder": "r2plus1d_narrow", "audio_encoder": "resnet_narrow", "clusters": 10,
        "heads": 4, "hidden": 128, "dropout": 0.3,
    },
    "labelling": {"groups": 2, "optimisations": 100, "source": "epoch", "tolerance": 0.05},
    "training": {"epochs": 64, "batch_size": 32, "base_lr": 0.05, "warmup_epochs": 2},
}  # fmt: skip


def own(**changes: Any) -> dict[str, Any]:
    """A person's own videos, and no number but the clusters."""
    dataset = {"preset": "small", "root": "videos", "splits": {"train": {"folder": "."}}}
    run = {"dataset": "mine", "network": {"clusters": 50}}
    return {"datasets": {"mine": dataset | changes}, "runs": {"mine": run}}


def test_the_demo_is_its_recipe_written_out() -> None:
    short = yaml.safe_load((REPOSITORY / "config/demo.yaml").read_text())
    written = {**short, "defaults": RECIPE, "datasets": {"demo": dict(short["datasets"]["demo"])}}
    del written["datasets"]["demo"]["preset"]
    written["datasets"]["demo"]["media"] = MEDIA
    found, expected = (parse(raw, Config, "c") for raw in (short, written))
    assert found.datasets == expected.datasets
    assert found.runs == expected.runs
    unlike = {"defaults": True}
    assert found.model_dump(exclude=unlike) == expected.model_dump(exclude=unlike)


def test_one_word_makes_a_configuration_that_fits() -> None:
    config = parse(own(), Config, "c")
    run, media = config.runs["mine"], config.datasets["mine"].media
    assert (media.short_side, media.fps, media.crf) == (36, 8, MediaSettings().crf)
    assert (run.video.crop, run.video.flip, run.network.heads) == (32, 0.5, 4)
    assert run.network.video_encoder == "r2plus1d_narrow"
    assert media.short_side <= run.video.scale_max and media.fps >= run.video.fps


def test_given_keys_override_the_preset_and_runs_their_datasets() -> None:
    raw = own(media={"short_side": 64})
    raw["defaults"] = {"training": {"epochs": 12}}
    raw["runs"]["mine"] |= {"preset": None, "video": {"crop": 24}}  # null: the dataset's
    raw["runs"]["large"] = {"dataset": "mine", "preset": "paper", "video": {"fps": 8, "frames": 8}}
    config = parse(raw, Config, "c")
    assert config.datasets["mine"].media == MediaSettings(short_side=64, fps=8, audio_rate=16000)
    mine, large = config.runs["mine"], config.runs["large"]
    assert (mine.video.crop, mine.video.scale_min) == (24, 32)
    assert (mine.training.epochs, mine.training.batch_size) == (12, 32)
    assert (large.video.crop, large.video.fps, large.network.heads) == (112, 8, 10)
    assert (large.training.epochs, large.training.batch_size) == (12, 16)


def test_the_papers_are_the_defaults() -> None:
    raw = own(preset="paper")
    assert parse(raw, Config, "c").datasets["mine"].media == MediaSettings()
    del raw["datasets"]["mine"]["preset"]
    assert parse(raw, Config, "c") == parse(own(preset="paper"), Config, "c")


def test_resolved_settings_state_the_values_in_place_of_the_preset() -> None:
    config = parse(own(), Config, "c")
    resolved = config.model_dump(mode="json")
    assert "preset" not in resolved["datasets"]["mine"] | resolved["runs"]["mine"]
    assert parse(resolved, Config, "resolved") == config


def test_runs_that_train_no_encoder_have_the_recipe_of_features() -> None:
    raw = own(features={"video": "v.npz", "audio": "a.npz"})
    raw["runs"]["mine"]["network"] |= {"video_encoder": "frozen", "audio_encoder": "frozen"}
    mixed = {"dataset": "mine", "network": {"video_encoder": "frozen"}}
    one = {**mixed, "modalities": ["video"], "training": {"epochs": 7, "warmup_epochs": 1}}
    paper = {**raw["runs"]["mine"], "preset": "paper"}
    raw["runs"] |= {"mixed": mixed, "one": one, "paper": paper}
    runs = parse(raw, Config, "c").runs
    for name in ("mine", "one"):
        assert runs[name].labelling.first == "kmeans"
        assert runs[name].labelling.result == "consensus"
        assert runs[name].training.optimizer == "adamw"
    assert runs["mine"].network.clusters == 50
    assert runs["one"].training.epochs == 7
    for name in ("mixed", "paper"):
        assert runs[name].labelling.first == "sinkhorn"
        assert runs[name].training.optimizer == "sgd"


@pytest.mark.parametrize(
    ("labelling", "words"),
    [
        ({"first": "kmeans"}, "the video encoder is trained; set labelling.first: sinkhorn"),
        ({"first_share": 0.2}, "labelling.first_share is for labelling.first: kmeans"),
    ],
)
def test_first_labels_that_do_not_fit(labelling: dict[str, Any], words: str) -> None:
    raw = own()
    raw["runs"]["mine"]["labelling"] = labelling
    with pytest.raises(UserError, match=words):
        parse(raw, Config, "c")


def test_a_consensus_needs_heads() -> None:
    raw = own()
    raw["runs"]["mine"] |= {"labelling": {"result": "consensus", "groups": 1}}
    raw["runs"]["mine"]["network"]["heads"] = 1
    with pytest.raises(UserError, match=r"or set labelling\.result: head"):
        parse(raw, Config, "c")


def test_an_unknown_preset_is_said_once_with_the_choices() -> None:
    with pytest.raises(UserError) as caught:
        parse(own(preset="smal"), Config, "mine.yaml")
    words = "datasets.mine.preset = 'smal': input should be 'small', 'paper' or 'features'"
    assert str(caught.value) == f"mine.yaml:\n  {words}"


@pytest.mark.parametrize("name", PRESETS)
def test_a_settings_file_may_name_a_preset(name: Any, tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text(f"{{dataset: mine, preset: {name}}}")
    run = read_section(tmp_path / "run.yaml", RunSettings)
    sections = {k: v for k, v in PRESETS[name].items() if k != "media"}
    assert run == RunSettings.model_validate({"dataset": "mine", **sections})
    raw = {"root": "x", "splits": {"train": {}}, "preset": name}
    assert DatasetSettings.model_validate(raw).media == MediaSettings.model_validate(
        PRESETS[name].get("media", {})
    )


def test_the_command_shows_the_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(own()))
    assert main(["settings", "--configfile", str(path), "--run", "mine"]) == 0
    shown = yaml.safe_load(capsys.readouterr().out)
    assert RunSettings.model_validate(shown) == parse(own(), Config, "c").runs["mine"]
    assert main(["settings", "--configfile", str(path), "--media", "mine"]) == 0
    assert yaml.safe_load(capsys.readouterr().out)["short_side"] == 36


def test_one_head_cannot_choose_among_numbers_of_clusters() -> None:
    run = {
        "dataset": "any",
        "network": {"clusters": [4, 8], "heads": 1},
        "labelling": {"groups": 1},
    }
    with pytest.raises(ValueError, match=r"set network\.clusters to one number"):
        RunSettings.model_validate(run)
