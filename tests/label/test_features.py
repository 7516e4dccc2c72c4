"""Features of files: what they are, and that both formats have the same."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import torch

from selavi.cli import main
from selavi.data.media.ffmpeg import ffmpeg_binary
from selavi.data.sampling import Clips, pass_batches
from selavi.files import read_csv
from selavi.label.features import features
from selavi.label.loaded import load_labeller
from selavi.label.options import Options
from selavi.label.table import best_two
from selavi.label.windows import Windowing


def test_both_formats_have_a_row_per_second(
    label_model: Path, make_video: Callable[..., Path], tmp_path: Path
) -> None:
    make_video(tmp_path / "videos/a.mp4", 4)
    make_video(tmp_path / "videos/mute.mp4", 2, audio=False)
    (tmp_path / "videos/broken.mp4").write_bytes(b"x" * 999)
    for suffix in ("npz", "parquet"):
        output = tmp_path / f"f.{suffix}"
        command = ["features", str(tmp_path / "videos"), "--model", str(label_model), "--stride"]
        assert main([*command, "1", "--output", str(output), "--workers", "1"]) == 0
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"videos", "f.npz", "f.parquet", "f.rejected.csv"}
    assert pd.read_csv(tmp_path / "f.rejected.csv")["reason"].notna().all()
    arrays = np.load(tmp_path / "f.npz", allow_pickle=False)
    table = pd.read_parquet(tmp_path / "f.parquet")
    assert arrays["start"].tolist() == [0, 1, 2, 0] and arrays["end"].max() > 3.9
    assert [Path(path).name for path in arrays["path"]] == [*["a.mp4"] * 3, "mute.mp4"]
    assert arrays["modalities"].tolist() == [*["video+audio"] * 3, "video"]
    assert arrays["logits_video"].shape == (4, 4) and int(arrays["head"]) == 1
    assert np.isfinite(arrays["features_video"]).all()
    assert np.isnan(arrays["features_audio"][3]).all()
    for name in arrays.files:
        if name != "head":
            column = np.array(table[name].tolist())
            np.testing.assert_array_equal(column, arrays[name])
    assert pq.read_schema(tmp_path / "f.parquet").metadata[b"head"] == b"1"


def test_features_are_those_of_the_network(
    label_model: Path, make_video: Callable[..., Path], tmp_path: Path
) -> None:
    """Computed anew from the stored clips; labels follow from their logits."""
    for name in "ab":
        make_video(tmp_path / f"videos/{name}.mp4", 2, hertz=500 * ord(name))
    loaded = load_labeller(str(label_model))
    made = features([tmp_path / "videos"], loaded, tmp_path / "work", Options(workers=1))
    [table] = (tmp_path / "work").glob("clips-*/[0-9]*.csv")
    rows = read_csv(table).assign(shard=f"{table.stem}.tar", sample=[0, 1])
    clips = Clips(rows, table.parent, loaded.settings.video, loaded.settings.audio)
    [batch] = pass_batches(clips, batch_size=2)
    with torch.inference_mode():
        encoded, logits = loaded.network(batch)
    for name in ("video", "audio"):
        expected = encoded[name].numpy(), logits[name][loaded.head].numpy()
        for kind, values in zip(("features", "logits"), expected, strict=True):
            np.testing.assert_allclose(made.arrays[f"{kind}_{name}"], values, atol=1e-5)
    out = tmp_path / "out"
    command = ["label", str(tmp_path / "videos"), "--model", str(label_model), "--workers", "1"]
    assert main([*command, "--output", str(out)]) == 0
    labels = read_csv(out / "labels.csv")
    products = [logits[n][loaded.head].softmax(1) for n in ("video", "audio")]
    joint = products[0] * products[1]
    assert labels["cluster"].tolist() == joint.argmax(1).tolist()
    np.testing.assert_allclose(
        labels["confidence"], (joint / joint.sum(1, keepdim=True)).max(1).values, atol=1e-5
    )


def test_two_best_clusters_by_hand() -> None:
    """Probabilities 0.5, 0.3, 0.2 and 0.1, 0.6, 0.3: products 0.05, 0.18, 0.06."""
    video = np.log([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]])
    audio = np.array([np.log([0.1, 0.6, 0.3]), [np.nan] * 3])
    best = best_two({"video": video.astype(np.float32), "audio": audio.astype(np.float32)})
    assert best["cluster"].tolist() == [1, 0] and best["second"].tolist() == [2, 1]
    np.testing.assert_allclose(best["confidence"], [0.18 / 0.29, 0.5], rtol=1e-5)
    np.testing.assert_allclose(best["margin"], [0.12 / 0.29, 0.2], rtol=1e-5)


def test_audio_alone(label_model: Path, tmp_path: Path) -> None:
    source = ["-f", "lavfi", "-i", "sine=frequency=700:duration=3"]
    for suffix in ("wav", "mp3", "flac", "ogg"):
        command = [ffmpeg_binary(), "-v", "error", *source, str(tmp_path / f"a.{suffix}")]
        subprocess.run(command, check=True)
    loaded = load_labeller(str(label_model))
    options = Options(Windowing(), workers=1)
    made = features([tmp_path], loaded, tmp_path / "work", options)
    assert made.rejected.empty
    assert made.windows["modalities"].tolist() == ["audio"] * 4
    assert np.isnan(made.arrays["features_video"]).all()
    audio = made.arrays["features_audio"]
    assert np.isfinite(audio).all()
    unit = audio / np.linalg.norm(audio, axis=1, keepdims=True)
    assert (unit @ unit.T).min() > 0.98  # the same tone
