from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor
from torchvision.models.video import r2plus1d_18

from selavi.cli import main
from selavi.config_file import write_section
from selavi.data.sampling import ViewGrid, view_batches
from selavi.data.schema import read_index
from selavi.evaluation.retrieval import clip_feature, features_of_clips, retrieval, retrieval_clips
from selavi.files import UserError, read_csv, write_csv
from selavi.models.checkpoint import load_model, save_model
from selavi.models.feature_map import last_map
from selavi.models.network import Network
from selavi.neighbours import nearest
from selavi.settings import MachineSettings, RetrievalSettings, RunSettings
from tests.conftest import make_split

SETTINGS = RetrievalSettings(
    frames=6, clips=3, machine=MachineSettings(workers=0), recall_at=[1, 5, 50], pictures=2
)


@pytest.fixture(scope="module")
def test_index(demo_videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_split(demo_videos / "test", tmp_path_factory.mktemp("test"), shards=1)


@pytest.mark.parametrize("size", [(7, 20), (1500, 40), (3, 20_000)])
def test_the_nearest_are_those_of_the_whole_matrix(size: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(0)
    queries, gallery = (torch.randn(n, 12, generator=generator) for n in size)
    count = min(6, size[1])
    places, distances = nearest(queries, gallery, count)
    whole = torch.cdist(queries.double(), gallery.double()).topk(count, largest=False)
    assert torch.allclose(distances.double(), whole.values, atol=1e-3)
    assert (places == whole.indices).float().mean() > 0.99


def test_features_have_the_protocols_size() -> None:
    encoder = r2plus1d_18(weights=None)
    clips = torch.randn(1, 3, 8, 112, 112)
    with torch.no_grad():
        maps = last_map(encoder, clips)
    assert maps.shape == (1, 512, 1, 7, 7)
    assert clip_feature(torch.randn(1, 512, 4, 7, 7)).shape == (1, 9216)
    feature = clip_feature(maps)
    assert feature.shape == (1, 512 * 3 * 3)
    assert feature.norm() == pytest.approx(1)


def run(model: Path, gallery: Path, queries: Path, output: Path) -> pd.DataFrame:
    write_section(output / "settings.yaml", SETTINGS)
    done = main(
        ["retrieval", "--settings", str(output / "settings.yaml"), "--model", str(model),
         "--gallery", str(gallery), "--queries", str(queries), "--output", str(output / "r.csv"),
         "--neighbours", str(output / "n.csv")]
    )  # fmt: skip
    assert done == 0
    return read_csv(output / "r.csv", ("modality", "note")).set_index("modality")


def raw_features(network: Network, run: RunSettings, index: Path) -> dict[str, Any]:
    """Features of each video, clip by clip, averaged; in float64, and the videos' classes."""
    table = read_index(index)
    clips = retrieval_clips(table, index, run, SETTINGS, list(run.modalities))
    rows: dict[str, list[Tensor]] = {}
    for batch in view_batches(clips, views=ViewGrid(clips=3, crops=1), batch_size=3, workers=0):
        with torch.no_grad():
            for name, values in features_of_clips(network.eval(), batch, clips.modalities).items():
                rows.setdefault(name, []).append(values.double().unflatten(0, (-1, 3)).mean(1))
    return {n: torch.cat(r) for n, r in rows.items()} | {"label": table["label"].to_numpy(str)}


@pytest.mark.slow
def test_recalls_and_neighbours(
    model: Path, train_index: Path, test_index: Path, tmp_path: Path
) -> None:
    found = run(model, train_index, test_index, tmp_path)
    assert list(found.index) == ["video", "video to audio", "audio to video"]
    assert (found["queries"] == 8).all()
    assert (found["gallery"] == 24).all()
    table = pd.read_csv(tmp_path / "n.csv")
    assert len(table) == 8 * 5
    network, settings, _ = load_model(model)
    features = [raw_features(network, settings, index) for index in (train_index, test_index)]
    for name, gallery, queries in (
        ("video", "map", "map"),
        ("video to audio", "p_audio", "p_video"),
        ("audio to video", "p_video", "p_audio"),
    ):
        order = torch.cdist(features[1][queries], features[0][gallery]).argsort(dim=1).numpy()
        right = features[0]["label"][order] == features[1]["label"][:, None]
        for k in (1, 5, 50):
            assert found.loc[name, f"recall_at_{k}"] == right[:, :k].any(axis=1).mean()
        if name == "video":
            assert table["neighbour_sample"].tolist() == order[:, :5].ravel().tolist()
            assert table["neighbour_label"].tolist() == (
                features[0]["label"][order[:, :5]].ravel().tolist()
            )
    picture = tmp_path / "n.png"
    assert main(
        ["neighbours", "--neighbours", str(tmp_path / "n.csv"), "--gallery", str(train_index),
         "--queries", str(test_index), "--output", str(picture), "--count", "2"]
    ) == 0  # fmt: skip
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_gallery_finds_itself(model: Path, train_index: Path, tmp_path: Path) -> None:
    run(model, train_index, train_index, tmp_path)
    table = read_csv(tmp_path / "n.csv", ("query_key", "neighbour_key"))
    first = table[table["rank"] == 1]
    assert (first["query_key"] == first["neighbour_key"]).all()
    assert np.allclose(first["distance"], 0, atol=2e-3)


def test_videos_that_were_rejected_are_told(
    model: Path, train_index: Path, test_index: Path, tmp_path: Path
) -> None:
    found = run(model, test_index, train_index, tmp_path)
    assert set(found["note"]) == {"5 videos of 29 were rejected"}
    assert set(found["queries"]) == {24}


def test_a_video_shorter_than_a_clip_is_judged(
    model: Path, train_index: Path, test_index: Path, tmp_path: Path
) -> None:
    table = read_index(test_index)
    longest = int(table["frames"].max())
    _, settings, _ = load_model(model)
    seconds = 2 * longest / float(table["fps"].iloc[0])
    long = SETTINGS.model_copy(update={"frames": round(seconds * settings.video.fps), "clips": 2})
    outputs = tmp_path / "r.csv", tmp_path / "n.csv"
    found = retrieval(model, train_index, test_index, long, *outputs).set_index("modality")
    assert found.loc["video", "queries"] == len(table)
    assert found.loc["video", "recall_at_50"] == 1


def test_a_class_missing_in_the_gallery_is_said(
    model: Path, train_index: Path, test_index: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    table = read_index(train_index)
    gone = table["label"].iloc[0]
    part = table[table["label"] != gone].assign(sample=range((table["label"] != gone).sum()))
    write_csv(train_index.parent / "part.csv", part)
    found = run(model, train_index.parent / "part.csv", test_index, tmp_path)
    words = f"1 classes have no training video, so their recall is 0: {gone}"
    assert words in capsys.readouterr().err
    assert found.loc["video", "recall_at_50"] == 0.75


def test_without_sound_the_picture_is_compared_alone(
    model: Path, train_index: Path, test_index: Path, tmp_path: Path
) -> None:
    silent = read_index(test_index).assign(samples=0)
    write_csv(test_index.parent / "silent.csv", silent)
    found = run(model, train_index, test_index.parent / "silent.csv", tmp_path)
    assert found.loc["video", "note"] != found.loc["video to audio", "note"]
    assert found.loc["video to audio", "note"] == (
        "not run: 8 videos have no audio, or less than 1 s"
    )


def test_heads_on_both_modalities_at_once_tell_no_picture_from_a_sound(
    make_model: Callable[..., Path], train_index: Path, test_index: Path, tmp_path: Path
) -> None:
    joined = make_model(tmp_path / "m.pt", network={"fusion": "concat"}, labelling={"align": False})
    found = run(joined, train_index, test_index, tmp_path)
    assert found.loc["video", "recall_at_50"] == 1
    assert "see both modalities at once" in found.loc["audio to video", "note"]


def test_what_cannot_be_asked_is_said(
    model: Path, make_model: Callable[..., Path], train_index: Path, test_index: Path,
    tmp_path: Path,
) -> None:  # fmt: skip
    outputs = tmp_path / "r.csv", tmp_path / "n.csv"
    write_csv(test_index.parent / "plain.csv", read_index(test_index).assign(label=""))
    with pytest.raises(UserError, match="no video has a class"):
        retrieval(model, train_index, test_index.parent / "plain.csv", SETTINGS, *outputs)
    deaf = make_model(tmp_path / "audio.pt", modalities=["audio"])
    with pytest.raises(UserError, match="has no video encoder"):
        retrieval(deaf, train_index, test_index, SETTINGS, *outputs)
    network, settings, facts = load_model(model)
    with torch.no_grad():
        next(network.encoders["video"].parameters()).fill_(3e38)  # finite, its products are not
    save_model(tmp_path / "nan.pt", network, settings, facts)
    with pytest.raises(UserError, match="are not finite"):
        retrieval(tmp_path / "nan.pt", train_index, test_index, SETTINGS, *outputs)
    assert not outputs[0].exists()


def test_a_video_that_cannot_be_read_is_counted(
    make_model: Callable[..., Path], train_index: Path, test_index: Path, tmp_path: Path
) -> None:
    table = read_index(test_index)
    table.loc[3, "video_size"] = 512  # cut off
    write_csv(test_index.parent / "damaged.csv", table)
    model = make_model(tmp_path / "model.pt", max_corrupt=0.5)
    found = run(model, train_index, test_index.parent / "damaged.csv", tmp_path)
    assert found.loc["video", "note"] == "1 videos could not be read"
    assert found.loc["video", "queries"] == 7
