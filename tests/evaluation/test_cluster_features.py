"""The stage cluster-features on clips without media, and what later stages make of it."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from selavi.cli import main
from selavi.config_file import write_section
from selavi.data.schema import read_assignments
from selavi.evaluation.cluster_features import cluster_features
from selavi.files import UserError, read_csv
from selavi.settings import DatasetSettings, RunSettings, SplitSettings
from tests.clustering.features import two_views

FROZEN = {"video_encoder": "frozen", "audio_encoder": "frozen", "heads": 3, "clusters": 4}


def split(folder: Path, name: str, clips: int, seed: int, **options: Any) -> dict[str, np.ndarray]:
    """An index, and a file of features per modality in another order of the clips."""
    features, group, _ = two_views(clips=clips, seed=seed, **options)
    keys = [f"{name}-{n}" for n in range(clips)]
    table = pd.DataFrame({"key": keys, "label": [f"class {g}" for g in group]})
    table.to_csv(folder / f"{name}.csv", index=False)
    data = DatasetSettings(root=str(folder), splits={name: SplitSettings(clips=f"{name}.csv")})
    write_section(folder / "data.yaml", data)
    place = folder / name
    done = main(
        ["list-clips", "--settings", str(folder / "data.yaml"), "--split", name,
         "--output", str(place / "index.csv"), "--rejected", str(place / "rejected.csv"),
         "--summary", str(place / "summary.csv")]
    )  # fmt: skip
    assert done == 0
    order = np.random.default_rng(0).permutation(clips)
    for modality, rows in features.items():
        ids = np.array(keys)[order]
        np.savez(place / f"{modality}.npz", ids=ids, features=rows[order])
    return features


def given(place: Path, *modalities: str) -> list[str]:
    return [
        argument
        for modality in modalities or ("video", "audio")
        for argument in ("--features", f"{modality}={place / modality}.npz")
    ]


def clustered(folder: Path, **settings: Any) -> Path:
    """The clustering of the split `train`."""
    settings = {"dataset": "mine", "method": "kmeans", "network": FROZEN} | settings
    write_section(folder / "run.yaml", RunSettings.model_validate(settings))
    output = folder / "clustering.pt"
    done = main(
        ["cluster-features", "--settings", str(folder / "run.yaml"), "--index",
         str(folder / "train/index.csv"), "--output", str(output), "--candidates",
         str(folder / "candidates.csv"), *given(folder / "train", *settings.get("modalities", ()))]
    )  # fmt: skip
    assert done == 0
    return output


def assigned(clustering: Path, place: Path, *modalities: str) -> pd.DataFrame:
    done = main(
        ["assign", "--model", str(clustering), "--index", str(place / "index.csv"),
         "--csv", str(place / "assign.csv"), "--pickle", str(place / "assign.pkl"),
         *given(place, *modalities)]
    )  # fmt: skip
    assert done == 0
    return read_assignments(place / "assign.csv")


@pytest.mark.parametrize("method", ["kmeans", "spectral", "ward", "hdbscan"])
def test_every_method_gives_what_assign_gives(tmp_path: Path, method: str) -> None:
    split(tmp_path, "train", 120, seed=0)
    split(tmp_path, "test", 60, seed=1)
    clustering = clustered(tmp_path, method=method)
    heads = 3 if method in ("kmeans", "spectral") else 1
    for name, clips in (("train", 120), ("test", 60)):
        table = assigned(clustering, tmp_path / name)
        assert len(table) == clips
        assert table["cluster"].between(0, 3).all()
        assert table["confidence"].between(0, 1).all()
        for modality in ("video+audio", "video", "audio"):
            columns = [f"{modality}_head{h}" for h in range(heads)]
            assert set(columns) <= set(table.columns)
            assert f"{modality}_head{heads}" not in table
        with (tmp_path / name / "assign.pkl").open("rb") as file:
            content = pickle.load(file)
        assert content["format"] == "selavi-assignments-2"
        assert content["number_of_clusters"] == 4
        output = tmp_path / name / "metrics.csv"
        done = main(
            ["metrics", "--assignments", str(tmp_path / name / "assign.csv"), "--output",
             str(output), "--dataset", "mine", "--split", name]
        )  # fmt: skip
        assert done == 0
        scores = read_csv(output, ("modality", "choice")).set_index(["modality", "choice"])
        assert scores.loc[("video+audio", "agreement"), "nmi"] == pytest.approx(1)


def test_clusters_have_names_and_sizes(tmp_path: Path) -> None:
    split(tmp_path, "train", 120, seed=0)
    assigned(clustered(tmp_path), tmp_path / "train")
    names = tmp_path / "names.csv"
    done = main(
        ["name-clusters", "--assignments", str(tmp_path / "train/assign.csv"), "--output",
         str(names), "--clusters", "4"]
    )  # fmt: skip
    assert done == 0
    assert sorted(pd.read_csv(names)["name"]) == [f"class {n}" for n in range(4)]


def test_auto_writes_what_it_chose_from(tmp_path: Path) -> None:
    split(tmp_path, "train", 120, seed=0, spread=0.8)
    clustering = clustered(tmp_path, method="auto")
    candidates = pd.read_csv(tmp_path / "candidates.csv", keep_default_na=False)
    assert set(candidates["method"]) == {"kmeans", "spectral", "ward", "hdbscan"}
    unnoted = candidates[candidates["note"] == ""]
    assert candidates["note"].iloc[0] == ""
    assert candidates["agreement"].iloc[0] == unnoted["agreement"].max()
    assert len(assigned(clustering, tmp_path / "train")) == 120


def test_the_number_of_clusters_is_chosen_too(tmp_path: Path) -> None:
    split(tmp_path, "train", 200, seed=0)
    clustering = clustered(tmp_path, network=FROZEN | {"clusters": [3, 4, 8, 16]})
    candidates = pd.read_csv(tmp_path / "candidates.csv")
    assert sorted(candidates["clusters"].unique()) == [3, 4, 8, 16]
    assert candidates["clusters"].iloc[0] == 4
    assert assigned(clustering, tmp_path / "train")["cluster"].nunique() == 4


def test_one_modality_alone(tmp_path: Path) -> None:
    split(tmp_path, "train", 120, seed=0)
    clustering = clustered(tmp_path, modalities=["audio"])
    table = assigned(clustering, tmp_path / "train", "audio")
    assert "audio_head0" in table
    assert "video+audio_head0" not in table


def test_the_same_settings_give_the_same_bytes(tmp_path: Path) -> None:
    split(tmp_path, "train", 120, seed=0, spread=1.5)
    first = clustered(tmp_path).read_bytes()
    assert clustered(tmp_path).read_bytes() == first


def test_clips_without_features_have_no_cluster(tmp_path: Path) -> None:
    features = split(tmp_path, "train", 120, seed=0)
    keys = np.array([f"train-{n}" for n in range(120)])
    np.savez(
        tmp_path / "train/video.npz", ids=keys[1:], features=features["video"][1:],
        rejected=np.array([[keys[0], "no face in it"]]),
    )  # fmt: skip
    files = {modality: tmp_path / f"train/{modality}.npz" for modality in ("video", "audio")}
    settings = RunSettings.model_validate({"dataset": "m", "method": "ward", "network": FROZEN})
    with pytest.raises(UserError, match="1 of 120 clips are corrupt"):
        cluster_features(
            tmp_path / "train/index.csv", settings, tmp_path / "c.pt", tmp_path / "c.csv", files
        )
    clustering = clustered(tmp_path, max_corrupt=0.1)
    table = assigned(clustering, tmp_path / "train")
    lost = table[table["key"] == "train-0"].iloc[0]
    assert lost["cluster"] == -1
    assert lost["detail"] == "no video features: no face in it"
    assert (table.loc[table["key"] != "train-0", "cluster"] >= 0).all()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"network": {}}, r"network\.video_encoder = 'r2plus1d_18' is trained; set it to frozen"),
        ({"network": FROZEN, "weights": "zoo:ave"}, "a trained network, and method: kmeans has no"),
    ],
)
def test_settings_that_do_not_fit(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        RunSettings.model_validate({"dataset": "mine", "method": "kmeans"} | settings)
