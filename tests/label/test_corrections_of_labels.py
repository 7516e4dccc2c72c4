"""`selavi label --corrections`: tables, formats and page of real files; and after retraining."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from selavi.cli import main
from selavi.files import read_csv
from tests.label.test_names_of_labels import renumbered, spread
from tests.reporting.pages import ids_of, read_column, run_of

TEXT = ("path", "name", "by", "tags", "reason", "detail")


def labelled(videos: Path, model: Path, output: Path, *further: str) -> pd.DataFrame:
    command = ["label", str(videos), "--model", str(model), "--output", str(output)]
    assert main([*command, "--workers", "1", "--explorer", *further]) == 0
    return read_csv(output / "labels.csv", TEXT)


@pytest.mark.slow
def test_corrections_are_applied_and_survive_retraining(
    label_model: Path,
    make_video: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    videos, out = tmp_path / "videos", tmp_path / "out"
    for n in range(3):
        make_video(videos / f"quiet{n}.mp4", 2, audio=False, size=f"{64 + 16 * n}x64")
        make_video(videos / f"siren{n}.mp4", 2, hertz=300 + 2000 * n)
    (videos / "broken.mp4").write_bytes(b"no video" * 100)
    model = spread(label_model, videos, tmp_path / "model.pt")
    plain = labelled(videos, model, out)
    good = plain[plain["reason"] == ""].reset_index(drop=True)
    assert set(good["by"]) == {"model"} and good["cluster"].equals(good["model_cluster"])
    page = out / "explorer/index.html"
    ids = ids_of(page)
    before = [int(cluster) for cluster in good["cluster"]]
    first, other = before[0], next(cluster for cluster in before if cluster != before[0])
    content: dict[str, Any] = {
        "format": "selavi corrections 1", "title": "out", "head": 1, "clusters": 4,
        "names": [{"cluster": first, "name": "quiet"}, {"cluster": 4, "name": "=mine"}],
        "merged": [], "new": [{"cluster": 4, "from": first}],
        "moved": [
            {"clip": ids[0], "from": first, "to": 4},
            {"clip": ids[1], "from": before[1], "to": None},
        ],
        "tags": [{"clip": ids[2], "tags": ["loud", "dark"]}],
        "members": [
            {"cluster": c, "clips": [i for i, b in zip(ids, before, strict=True) if b == c]}
            for c in sorted({first, other, before[1]})
        ],
    }  # fmt: skip
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(content))
    capsys.readouterr()
    table = labelled(videos, model, out, "--corrections", str(file), "--format", "coco", "parquet")
    windows = table[table["model_cluster"].notna()].reset_index(drop=True)
    assert windows["model_cluster"].tolist() == before
    assert windows["cluster"].tolist()[0] == 4 and windows["name"].tolist()[0] == "=mine"
    assert windows["by"].tolist() == ["person", "person", *["model"] * 4]
    removed = windows.iloc[1]
    assert pd.isna(removed["cluster"]) and removed["reason"] == "not-this"
    assert removed["detail"] == f"a person says that it is not of cluster {before[1]}"
    assert windows["tags"].tolist() == ["", "", "loud dark", "", "", ""]
    assert windows["cluster"].tolist()[2:] == before[2:]
    clusters = read_csv(out / "clusters.csv", ("name",)).set_index("cluster")
    assert clusters.loc[4, "windows"] == 1 and clusters["windows"].sum() == 5
    coco = json.loads((out / "formats/coco/labels.json").read_text())
    assert {"id": 4, "name": "=mine"}.items() <= coco["categories"][-1].items()
    assert "not-this" in capsys.readouterr().out

    # The page has the model's clusters, and starts with the corrections.
    assert read_column(page, f"cluster-{run_of(page)['selected']}").tolist() == before
    run = run_of(page)
    assert run["corrections"]["moved"] == content["moved"]
    assert not {"4", str(first)} & set(run["names"])  # those of people are no suggestions

    again = labelled(videos, model, out)
    pd.testing.assert_frame_equal(again.drop(columns="name"), plain.drop(columns="name"))

    # Another training gives the clusters other numbers.
    moved = labelled(videos, renumbered(model, tmp_path / "o.pt"), out, "--corrections", str(file))
    windows = moved[moved["model_cluster"].notna()].reset_index(drop=True)
    new = dict(zip(before, windows["model_cluster"].astype(int), strict=True))
    assert all(old != number for old, number in new.items())
    assert windows["cluster"].tolist()[0] == 4 and windows["name"].tolist()[0] == "=mine"
    assert windows["reason"].tolist()[1] == "not-this"
    names = dict(zip(windows["cluster"], windows["name"], strict=True))
    assert names.get(new[first], "quiet") == "quiet"


def test_a_wrong_file_stops_before_the_work(
    label_model: Path, make_video: Callable[..., Path], tmp_path: Path
) -> None:
    video = make_video(tmp_path / "a.mp4", 2)
    (tmp_path / "c.json").write_text("{}")
    command = ["label", str(video), "--output", str(tmp_path / "out")]
    command += ["--corrections", str(tmp_path / "c.json")]
    for how in ([], ["--model", str(label_model)]):  # with a training, and without
        assert main([*command, *how]) == 1
        assert not (tmp_path / "out").exists()
