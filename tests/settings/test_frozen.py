"""Frozen encoders: what must hold between a run and its dataset."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from selavi.config_file import parse
from selavi.data.features.inputs import embedder_files, feature_inputs
from selavi.files import UserError
from selavi.plan import Plan
from selavi.preflight.estimate import estimate
from selavi.rate_cache import RateCache
from selavi.settings import Config, embedder_folder

BOTH = {"video_encoder": "frozen", "audio_encoder": "frozen"}
ALL: dict[str, Any] = {
    "datasets": {
        "d": {
            "root": "data",
            "splits": {"train": {"clips": "a.csv"}, "test": {"clips": "b.csv"}},
            "features": {"video": "v.npz", "audio": "{split}.npy"},
        },
        "videos": {"root": "videos", "splits": {"train": {"shards": 2}, "few": {
            "of": "train", "classes": ["cat"]}}},
    },
    "runs": {"r": {"dataset": "d", "network": BOTH | {"clusters": 4, "heads": 2, "hidden": 8}}},
}  # fmt: skip


def config(**changes: Any) -> Config:
    """The configuration with some entries of the run, its network or other sections changed."""
    raw = deepcopy(ALL)
    for place, value in changes.items():
        where = raw
        *parents, last = place.split("__")
        for name in parents:
            where = where[name]
        where[last] = value
    return parse(raw, Config, "test")


def test_what_is_frozen_is_not_decoded() -> None:
    run = config().runs["r"]
    assert (run.frozen, run.decoded) == (["video", "audio"], [])
    other = config(runs__r__dataset="videos", runs__r__network={"video_encoder": "imagenet"})
    assert (other.runs["r"].frozen, other.runs["r"].decoded) == (["video"], ["audio"])


VIDEO = "runs__r__network__video_encoder"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({VIDEO: "r2plus1d_nar"}, r"video_encoder = 'r2plus1d_nar' is not an encoder; use one of"),
        ({VIDEO: "../x"}, r"video_encoder"),
        ({"datasets__d__features": {"video": "v.npz"}}, r"features names no audio file; name one"),
        ({VIDEO: "r2plus1d_18"}, r"sees the video of clips, .*splits\.train\.clips has no media"),
        ({VIDEO: "imagenet"}, r"sees the video of clips, .*set network\.video_encoder: frozen"),
        (
            {"runs__r__network__init": {"video": "w.pt"}},
            r"network\.video_encoder = 'frozen' is",
        ),
        ({"degrade": {"runs": ["r"], "split": "test"}}, r"degrade: runs\.r has a frozen video enc"),
        ({"datasets__d__splits__train": {"clips": "a", "table": "b"}}, r"a split has one source"),
    ],
)
def test_mistakes_are_named(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError, match=words):
        config(**changes)


def test_the_features_of_a_run_are_gathered_for_each_split() -> None:
    plan = Plan(config(), lambda dataset, split: True)
    assert plan.listed == ["d/train", "d/test"]
    assert plan.shards("d", "train") == []
    assert plan.given_features("r", "test") == {
        "video": "results/gather-features/frozen/d/test/video.npy",
        "audio": "results/gather-features/frozen/d/test/audio.npy",
    }
    assert embedder_folder("torchvision:swin3d_t") == "torchvision-swin3d_t"


def test_files_of_one_split_are_not_looked_through_for_others() -> None:
    datasets = config().datasets
    one = feature_inputs(datasets, "frozen", "d", "test", "video")
    index = Path("results/shards/d/train/index.csv")
    assert (one.source, one.files, one.others) == (Path("data/v.npz"), [one.source], [index])
    own = feature_inputs(datasets, "frozen", "d", "test", "audio")
    assert (own.source, own.others) == (Path("data/test.npy"), [])


def test_a_subset_has_the_features_of_its_parents_shards() -> None:
    found = feature_inputs(config().datasets, "imagenet", "videos", "few", "video")
    folder = Path("results/embed/imagenet/video/videos/train")
    assert found.files == [folder / "00000.npz", folder / "00001.npz"]
    assert found.others == [Path("results/shards/videos/train/index.csv")]


def test_costs_are_predicted_without_videos(tmp_path: Path) -> None:
    for name in ("a", "b"):
        keys = "".join(f"{name}{n}\n" for n in range(500))
        (tmp_path / f"{name}.csv").write_text(f"key\n{keys}")
    asked = config(datasets__d__root=str(tmp_path))
    only = asked.model_copy(update={"datasets": {"d": asked.datasets["d"]}})
    costs = {cost.stage: cost for cost in estimate(only, RateCache(again=True))}
    assert set(costs) == {"pretrain", "assign", "map", "baselines"}
    assert costs["pretrain"].cpu_hours + costs["pretrain"].gpu_hours > 0


def test_features_of_two_embedders_never_share_a_folder() -> None:
    runs = {
        name: {"dataset": "videos", "modalities": ["video"], "network": {"video_encoder": encoder}}
        for name, encoder in (("a", "selavi:models/x.pt"), ("b", "selavi:models-x.pt"))
    }
    with pytest.raises(UserError, match=r"have the same folder of features, selavi-models-x\.pt"):
        config(runs=runs)
    assert config(runs={"a": runs["a"], "b": runs["a"]}).runs


def test_what_an_embedder_is_made_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").touch()
    (tmp_path / "swin.pth").touch()
    embedders = {
        "own": {"factory": "mine:make", "modality": "video"},
        "swin": {"factory": "torchvision:swin3d_t", "modality": "video",
                 "options": {"weights": "swin.pth"}},
    }  # fmt: skip
    for encoder, files in {
        "own": ["mine.py"],
        "swin": ["swin.pth"],
        "selavi:results/pretrain/a/model.pt": ["results/pretrain/a/model.pt"],
        "selavi:zoo:vgg_sound": [],
        "imagenet": [],
    }.items():
        network = {"video_encoder": encoder, "clusters": 4}
        run = {"dataset": "videos", "modalities": ["video"], "network": network}
        made = config(runs={"r": run}, embedders=embedders)
        assert embedder_files(made, embedder_folder(encoder), "video") == files
