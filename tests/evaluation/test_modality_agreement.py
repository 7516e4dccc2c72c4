"""Which modality decides: cases worked by hand, through the command."""

from pathlib import Path

import pandas as pd
import pytest

from selavi.cli import main
from selavi.files import write_csv


def assignments(path: Path, **columns: list[int]) -> Path:
    count = len(columns["cluster"])
    table = pd.DataFrame(
        {
            "sample": range(count), "id": [f"{n:016x}" for n in range(count)],
            "key": [f"{n}.mp4" for n in range(count)], "path": "/v.mp4",
            "label": "", "cluster": columns.pop("cluster"), "confidence": 0.5, "margin": 0.1,
            "head": 1,
        }
    )  # fmt: skip
    for name, clusters in columns.items():
        modality = name.replace("_and_", "+")
        for head, shift in enumerate((1, 0)):  # the first head numbers its clusters otherwise
            table[f"{modality}_head{head}"] = [(c + shift) % 3 for c in clusters]
            table[f"{modality}_head{head}_confidence"] = 0.7
            table[f"{modality}_head{head}_margin"] = 0.2
    write_csv(path, table)
    return path


def test_clusters_that_one_modality_supports(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]
    video = [0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 2]  # half of cluster 0 by audio, none of 2 by video
    audio = [0, 0, 1, 1, 0, 2, 0, 1, 2, 2, 2, 2]
    path = assignments(
        tmp_path / "train.csv", cluster=both, video_and_audio=both, video=video, audio=audio
    )
    out = tmp_path / "out.csv", tmp_path / "clips.csv"
    command = ["agreement", "--assignments", str(path), "--clusters", str(out[0])]
    assert main([*command, "--clips", str(out[1])]) == 0
    clusters = pd.read_csv(out[0]).set_index("cluster")
    assert clusters["supported_by"].tolist() == ["both", "video", "audio"]
    assert clusters["video"].tolist() == [1, 0.75, 0.25]
    assert clusters["audio"].tolist() == [0.5, 0.25, 1]
    assert clusters["both"].tolist() == [0.5, 0, 0.25]
    clips = pd.read_csv(out[1])
    assert clips["agree"].tolist() == [
        "both", "both", "video", "video", "video", "video", "video", "audio", "audio", "audio",
        "audio", "both",
    ]  # fmt: skip
    said = capsys.readouterr().err
    assert "video alone supports 1 cluster: 1" in said and "audio alone supports" in said
    # Both heads have the same clusters, so that nothing can raise their agreement.
    assert "audio raises the agreement of heads by 0.000: mean NMI 1.000 by video alone" in said


def test_one_modality_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = assignments(tmp_path / "train.csv", cluster=[0, 1], video=[0, 1])
    command = ["agreement", "--assignments", str(path), "--clusters", str(tmp_path / "a.csv")]
    assert main([*command, "--clips", str(tmp_path / "b.csv")]) == 1
    assert "agreement needs a run of both modalities" in capsys.readouterr().err
    assert not (tmp_path / "a.csv").exists()


def test_no_clip_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    none = [-1, -1]
    path = assignments(
        tmp_path / "train.csv", cluster=none, video_and_audio=none, video=none, audio=none
    )
    command = ["agreement", "--assignments", str(path), "--clusters", str(tmp_path / "a.csv")]
    assert main([*command, "--clips", str(tmp_path / "b.csv")]) == 1
    assert "train.csv has no clip with a cluster; make it again" in capsys.readouterr().err
