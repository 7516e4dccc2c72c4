"""`selavi label` on real files: formats, links, raw CSV, the page, and the terminal's summary."""

import json
from collections.abc import Callable
from pathlib import Path

import av
import pandas as pd
import pytest

from selavi.cli import main
from selavi.formulas import RAW
from selavi.label.formats import FORMATS
from tests.reporting.pages import ids_of, read_column, run_of


@pytest.fixture(scope="module")
def videos(make_video: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("in") / "videos"
    make_video(folder / "=a.mp4", 2)
    make_video(folder / "sub/=a.mkv", 31, size="32x32", fps="10")
    make_video(folder / "short.mp4", 0.4)
    (folder / "broken.mp4").write_bytes(b"no video" * 100)
    return folder


@pytest.fixture(scope="module")
def model(make_model: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model") / "model.pt")


def test_all_that_can_be_asked_for(
    videos: Path,
    model: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(RAW, raising=False)
    output = tmp_path / "out"
    command = ["label", str(videos), "--model", str(model), "--output", str(output)]
    command += ["--workers", "1"]
    assert main([*command, "--format", *FORMATS, "--link-folders"]) == 0
    printed = capsys.readouterr().out
    assert "4 windows of 2 files" in printed
    assert "1 file and 1 window without a cluster:" in printed
    assert "broken.mp4" in printed
    assert f"{output}/labels.csv" in printed
    assert (output / "formats/webvtt/=a.vtt").exists()
    with av.open(str(output / "formats/webvtt/sub/=a.vtt"), format="webvtt") as subtitles:
        starts = [packet.pts for packet in subtitles.demux() if packet.size]
    assert starts == [0, 10_000, 20_000]
    table = pd.read_parquet(output / "formats/parquet/labels.parquet")
    assert len(table) == 6
    links = [path for path in (output / "formats/links").rglob("*") if path.is_symlink()]
    pairs = table.dropna(subset="cluster")[["path", "cluster"]].drop_duplicates()
    assert sorted(str(link.readlink()) for link in links) == sorted(pairs["path"])
    assert all(link.exists() for link in links)


@pytest.mark.parametrize(
    ("options", "written"), [([], "x;'=1+1.mp4"), (["--raw-csv"], "x;=1+1.mp4")]
)
def test_raw_csv_is_an_option(
    make_video: Callable[..., Path],
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    written: str,
) -> None:
    monkeypatch.setenv(RAW, "")  # undone after the test, whatever the command sets
    video = make_video(tmp_path / "x;=1+1.mp4", 2)
    command = ["label", str(video), "--model", str(model), "--output", str(tmp_path / "out")]
    assert main([*command, "--workers", "1", "--format", "parquet", *options]) == 0
    assert written in (tmp_path / "out/labels.csv").read_text()
    table = pd.read_parquet(tmp_path / "out/formats/parquet/labels.parquet")
    assert table["path"].tolist() == [str(video)]


def test_an_unknown_format_is_an_error(videos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["label", str(videos), "--format", "srt"])
    assert "invalid choice: 'srt'" in capsys.readouterr().err


def test_exit_1_and_the_reasons_if_nothing_can_be_labelled(
    videos: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["label", str(videos / "broken.mp4"), "--model", str(model)]
    assert main([*command, "--output", str(tmp_path), "--format", "coco", "--explorer"]) == 1
    assert "nothing could be labelled" in capsys.readouterr().out
    assert (tmp_path / "formats/coco/labels.json").exists()


def test_a_page_of_the_windows(
    videos: Path,
    model: Path,
    make_video: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = tmp_path / "out"
    changed = make_video(tmp_path / "b.mp4", 2)
    mute = make_video(tmp_path / "mute.mp4", 2, audio=False)
    paths = [str(path) for path in (videos, changed, mute)]
    command = ["label", *paths, "--model", str(model), "--explorer"]
    command += ["--output", str(output), "--workers", "1"]
    assert main(command) == 0
    make_video(changed, 3, hertz=880)  # in place of the first: what was stored of that is not shown
    assert main(command) == 0
    page = output / "explorer/index.html"
    assert page.absolute().as_uri() in capsys.readouterr().out
    run = run_of(page)
    labels = pd.read_csv(output / "labels.csv")
    accepted = labels[labels["cluster"].notna()]
    selected = f"cluster-{run['selected']}"
    assert sorted(read_column(page, selected)) == sorted(accepted["cluster"].astype(int))
    assert sorted(read_column(page, "second")) == sorted(accepted["second"].astype(int))
    views = [(view["modality"], view["head"], view["clusters"]) for view in run["views"]]
    wanted = [(name, head, 4) for name in ("video+audio", "video", "audio") for head in range(2)]
    assert views == wanted and views[run["selected"]] == ("video+audio", 1, 4)
    assert (read_column(page, "cluster-4") == -1).sum() == 1, "the mute video, by audio"
    assert read_column(page, "map").shape == (6, 2) and run["map"]["method"] == "pca"
    assert {row["view"] for row in run["agreement"]["heads"]} == set(range(6))
    shown = dict(zip(read_column(page, "keys"), ids_of(page), strict=True))
    assert len(shown) == len(accepted) == 6
    assert {key.split(" ")[-1] for key in shown if "=a.mkv" in key} == {"0:00", "0:10", "0:20"}
    missing = [(row["reason"], row["count"], *row["examples"]) for row in run["missing"]]
    (short, broken) = missing
    assert short == ("too-short", 1, short[2]) and short[2].endswith("videos/short.mp4")
    assert broken == ("unreadable", 1, broken[2]) and broken[2].endswith("videos/broken.mp4")
    seconds = {}
    for key, name in shown.items():
        with av.open(page.parent / "clips" / f"{name}.mp4") as made:
            seconds[key.split("/")[-1]] = made.duration / 1e6
            kinds = [stream.type for stream in made.streams]
            assert kinds == (["video"] if "mute" in key else ["video", "audio"])
    assert seconds["=a.mkv 0:10"] == pytest.approx(6, abs=0.1)
    assert seconds["b.mp4"] == pytest.approx(3, abs=0.1)
    assert len(list((page.parent / "clips").glob("*.mp4"))) == 6
    assert main([*command, "--clips-per-cluster", "1"]) == 0
    clusters = accepted["cluster"].nunique()
    assert len(list((page.parent / "clips").glob("*.mp4"))) == clusters < 6


def test_a_merged_cluster_keeps_its_name_on_the_page(
    videos: Path, model: Path, tmp_path: Path
) -> None:
    """As the merge can be undone there."""
    command = ["label", str(videos), "--model", str(model), "--output", str(tmp_path / "out")]
    command += ["--workers", "1", "--explorer"]
    assert main(command) == 0
    labels = pd.read_csv(tmp_path / "out/labels.csv")
    first = int(labels["cluster"].dropna().iloc[0])
    merged = [{"from": first, "into": (first + 1) % 4}]
    corrections = {"format": "selavi corrections 1", "clusters": 4, "merged": merged}
    (tmp_path / "mine.json").write_text(json.dumps(corrections))
    names = {str(cluster): f"name {cluster}" for cluster in range(4)}
    rows = [f"1,{cluster},{name}" for cluster, name in names.items()]
    (tmp_path / "out/names.csv").write_text("\n".join(["head,cluster,name", *rows]))
    assert main([*command, "--corrections", str(tmp_path / "mine.json")]) == 0
    assert run_of(tmp_path / "out/explorer/index.html")["names"] == names


def test_no_page_where_nothing_is_labelled(videos: Path, model: Path, tmp_path: Path) -> None:
    command = ["label", str(videos / "broken.mp4"), "--model", str(model), "--explorer"]
    assert main([*command, "--output", str(tmp_path)]) == 1
    assert not (tmp_path / "explorer").exists()
