import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch.nn import BatchNorm3d
from torchvision.models.video import r2plus1d_18

from selavi.cli import main
from selavi.config_file import write_section
from selavi.data.sampling import open_clips
from selavi.data.schema import read_index
from selavi.evaluation.baseline_features import extract, for_kmeans, network_features, read_features
from selavi.evaluation.baselines import baselines, warm_up
from selavi.files import UserError, read_csv
from selavi.models.checkpoint import build_network, load_model
from selavi.settings import BaselineSettings


def table(model: Path, index: Path, output: Path, **settings: object) -> pd.DataFrame:
    write_section(output / "settings.yaml", BaselineSettings.model_validate(settings))
    done = main(
        ["baselines", "--settings", str(output / "settings.yaml"), "--model", str(model),
         "--index", str(index), "--output", str(output / "b.csv"), "--run", "one", "--split", "t"]
    )  # fmt: skip
    assert done == 0
    return read_csv(output / "b.csv", ("method", "modality", "note", "preparation", "choice"))


def test_every_row_is_scored_or_says_why_not(
    model: Path, train_index: Path, tmp_path: Path
) -> None:
    labels = read_index(train_index)["label"]
    perfect = np.eye(4)[pd.factorize(labels)[0]] + np.random.default_rng(0).random((24, 4)) / 9
    np.save(tmp_path / "one-t.npy", perfect)
    np.savez(tmp_path / "nan.npz", features=np.full((24, 3), np.nan))
    found = table(
        model, train_index, tmp_path,
        features={
            "mine": str(tmp_path / "{run}-{split}.npy"),
            "broken": str(tmp_path / "nan.npz"),
            "absent": str(tmp_path / "absent.npy"),
        },
    ).set_index(["method", "modality"]).sort_index(level=0, sort_remaining=False)  # fmt: skip
    assert found.loc[("k-means mine", "mine"), "nmi"].max() == 1
    for method in ("raw", "untrained", "trained"):
        rows = found.loc[f"k-means {method}"]
        assert list(dict.fromkeys(rows.index)) == ["video+audio", "video", "audio"]
        for _, of_modality in rows.groupby(level=0):
            kinds = ["standardise", "l2_pca", "standardise_pca"]
            assert of_modality["preparation"].tolist() == kinds
            picked = of_modality[of_modality["choice"].isin(["agreement", "both"])]
            assert picked["agreement"].tolist() == [of_modality["agreement"].max()]
            best = of_modality[of_modality["choice"].isin(["oracle", "both"])]
            assert best["nmi"].tolist() == [of_modality["nmi"].max()]
        assert rows["nmi"].between(0, 1).all()
    notes = found["note"].droplevel("modality")
    assert notes["k-means supervised"] == "not run: baselines.supervised_weights names no file"
    assert "not finite in float32, in 24 rows" in notes["k-means broken"]
    assert "does not exist" in notes["k-means absent"]
    unscored = found[found["note"] != ""]
    assert unscored["nmi"].isna().all()
    assert found.loc[found["note"] == "", "nmi"].notna().all()


def test_an_untrained_network_sees_a_clip_the_same_beside_any_others(
    model: Path, train_index: Path
) -> None:
    _, run, _ = load_model(model)
    clips = open_clips(train_index, run)
    torch.manual_seed(0)
    network = build_network(run)
    before = [m.running_mean.clone() for m in network.modules() if isinstance(m, BatchNorm3d)]
    warm_up(network, clips, run)
    after = [m.running_mean for m in network.modules() if isinstance(m, BatchNorm3d)]
    assert not any(torch.equal(*pair) for pair in zip(before, after, strict=True))
    order = np.random.default_rng(0).permutation(len(clips))
    shuffled = replace(clips, index=clips.index.iloc[order].reset_index(drop=True))
    found = [extract(c, {"it": network_features(network)})[1]["it"] for c in (clips, shuffled)]
    for modality, rows in found[0].items():
        np.testing.assert_allclose(rows[order], found[1][modality], atol=1e-5)


def test_without_classes_nothing_is_computed(
    model: Path, train_index: Path, tmp_path: Path
) -> None:
    bare = train_index.with_name("bare.csv")
    read_index(train_index).assign(label="").to_csv(bare, index=False)
    found = table(model, bare, tmp_path)
    assert found["note"].tolist() == ["not run: no clip has a class"]


@pytest.mark.slow
def test_supervised_weights_are_read_from_a_path(
    make_model: Callable[..., Path], train_index: Path, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    torch.save(r2plus1d_18(weights=None).state_dict(), tmp_path / "weights.pth")
    few = read_index(train_index).groupby("label").head(1).assign(sample=range(4))
    few.to_csv(train_index.parent / "few.csv", index=False)
    model = make_model(tmp_path / "model.pt", network={"clusters": 2, "heads": 1, "hidden": 16},
                       labelling={"groups": 1}, training={"batch_size": 2})  # fmt: skip
    few_index = train_index.parent / "few.csv"
    found = table(model, few_index, tmp_path, supervised_weights=str(tmp_path / "weights.pth"))
    row = found[found["method"] == "k-means supervised"].iloc[0]
    assert row["note"] == ""
    assert 0 <= row["nmi"] <= 1
    (tmp_path / "weights.pth").write_bytes(b"words")
    settings = BaselineSettings(supervised_weights=str(tmp_path / "weights.pth"))
    again = baselines(model, few_index, settings, tmp_path / "again.csv").set_index("method")
    assert "weights.pth is not a file of torch.save" in str(again.loc["k-means supervised", "note"])


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((5, 2)), r"numbers of shape \(24, D\)"),
        (np.zeros(24), "of shape"),
        (np.array([["a"]] * 24), "holds <U1"),
    ],
)
def test_feature_files_of_another_shape(tmp_path: Path, array: np.ndarray, words: str) -> None:
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(UserError, match=words):
        read_features(tmp_path / "x.npy", 24)


def test_feature_files_that_are_broken(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    path.touch()
    with pytest.raises(UserError, match=r"x\.npy is not a \.npy or"):
        read_features(path, 24)
    np.savez(tmp_path / "x.npz", features=np.zeros((24, 50)))
    (tmp_path / "x.npz").write_bytes((tmp_path / "x.npz").read_bytes()[:2000])
    with pytest.raises(UserError, match=r"x\.npz is not a \.npy or"):
        read_features(tmp_path / "x.npz", 24)
    np.savez_compressed(tmp_path / "z.npz", features=np.random.default_rng(0).random((24, 50)))
    content = bytearray((tmp_path / "z.npz").read_bytes())
    content[len(content) // 2 : len(content) // 2 + 40] = bytes(40)
    (tmp_path / "z.npz").write_bytes(content)
    with pytest.raises(UserError, match=r"z\.npz is not a \.npy or"):
        read_features(tmp_path / "z.npz", 24)
    np.save(path, np.full((24, 2), 1e39))  # beyond float32
    with pytest.raises(UserError, match=r"x\.npy holds values that are not finite .* in 24 rows"):
        read_features(path, 24)


def header(shape: str) -> bytes:
    """A .npy file of no numbers that says it holds an array of this shape."""
    words = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}\n".encode()
    return b"\x93NUMPY\1\0" + len(words).to_bytes(2, "little") + words


def test_feature_files_that_lie_about_their_size(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    for shape, words in (
        (f"(24, {10**15})", "larger than memory"),
        (f"(24, {10**30})", "larger than memory"),
        ("(24, 5)", "is not a .npy or"),
        ("(24, -5)", "is not a .npy or"),
        ("(24, 0)", r"numbers of shape \(24, D\)"),
    ):
        path.write_bytes(header(shape))
        with pytest.raises(UserError, match=words):
            read_features(path, 24)
    with zipfile.ZipFile(tmp_path / "x.npz", "w") as file:
        file.writestr("features", b"words")
    with pytest.raises(UserError, match=r"'features' is not a \.npy file"):
        read_features(tmp_path / "x.npz", 24)


def test_a_feature_file_is_not_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([{}] * 24, dtype=object), allow_pickle=True)
    with pytest.raises(UserError, match="file of numbers"):
        read_features(tmp_path / "x.npy", 24)


def test_modalities_weigh_the_same() -> None:
    random = np.random.default_rng(0)
    scaled = for_kmeans({"video": random.random((50, 3)) * 100, "audio": random.random((50, 30))})
    assert list(scaled) == ["video+audio", "video", "audio"]
    for modality in ("video", "audio"):
        assert scaled[modality].var(0).sum() == pytest.approx(1)
    with pytest.raises(UserError, match="the audio features hold values that are not finite"):
        for_kmeans({"audio": np.full((4, 2), np.inf)})
