"""Splits made from another split: official folds, classes of another dataset."""

import tarfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from selavi.data.index import write_index
from selavi.data.manifest import id_of
from selavi.data.sampling import Clips, pass_batches
from selavi.data.schema import SHARD_TABLE, read_index, read_rejected
from selavi.data.shards.import_shards import import_shard
from selavi.data.sources.split_files import official_videos
from selavi.data.sources.subset import subset_by_class, subset_by_split_files
from selavi.files import UserError, read_csv, write_csv
from selavi.settings import AudioSettings, MediaSettings, OfficialSettings, VideoSettings
from tests.conftest import make_split

MUTE = MediaSettings(short_side=48, fps=16.0, audio="none", min_seconds=1.1)
UCF = ("ApplyEyeMakeup", "Archery")
HMDB = ("brush_hair", "cartwheel")


def outputs(folder: Path) -> tuple[Path, Path, Path]:
    return folder / "index.csv", folder / "rejected.csv", folder / "summary.csv"


def ucf_name(label: str, group: int) -> str:
    return f"v_{label}_g{group:02d}_c01"


@pytest.fixture(scope="module")
def ucf(tmp_path_factory: pytest.TempPathFactory, make_video: Callable[..., Path]) -> Path:
    """UCF-101 in miniature: two classes of three videos without sound, and its split files."""
    root = tmp_path_factory.mktemp("ucf")
    lists = root / "ucfTrainTestlist"
    lists.mkdir()
    (lists / "classInd.txt").write_text("".join(f"{n} {c}\n" for n, c in enumerate(UCF, 1)))
    for fold in (1, 2, 3):
        parts: dict[str, list[str]] = {"train": [], "test": []}
        for number, label in enumerate(UCF, 1):
            for group in (1, 2, 3):
                name = f"{label}/{ucf_name(label, group)}.avi"
                part = "test" if group == fold else "train"
                parts[part].append(f"{name} {number}" if part == "train" else name)
        for part, lines in parts.items():
            (lists / f"{part}list{fold:02d}.txt").write_text("\n".join(lines) + "\n")
    for label in UCF:
        for group in (1, 2, 3):
            name = f"{ucf_name(label, group)}.avi"
            make_video(root / "UCF-101" / label / name, audio=False)
    make_split(root / "UCF-101", root / "shards/ucf101/all", media=MUTE)
    return root


@pytest.fixture(scope="module")
def hmdb(tmp_path_factory: pytest.TempPathFactory, make_video: Callable[..., Path]) -> Path:
    """HMDB-51 in miniature: per class one train, one test, one unused video."""
    root = tmp_path_factory.mktemp("hmdb")
    (root / "splits").mkdir()
    for label in HMDB:
        for fold in (1, 2, 3):
            lines = [f"clip{n}_{label}.avi {(n + fold) % 3} " for n in range(3)]
            (root / "splits" / f"{label}_test_split{fold}.txt").write_text("\n".join(lines) + "\n")
        for n in range(3):
            make_video(root / "hmdb51" / label / f"clip{n}_{label}.avi", audio=False)
    make_split(root / "hmdb51", root / "shards/hmdb51/all", media=MUTE)
    return root


def official(layout: str, fold: int = 1, part: str = "train") -> OfficialSettings:
    return OfficialSettings.model_validate(
        {"layout": layout, "folder": "-", "fold": fold, "part": part}
    )


@pytest.mark.parametrize("fold", [1, 2, 3])
def test_ucf101_folds_share_one_set_of_shards(ucf: Path, tmp_path: Path, fold: int) -> None:
    parent = ucf / "shards/ucf101/all/index.csv"
    seen: dict[str, set[str]] = {}
    for part in ("train", "test"):
        place = outputs(ucf / f"shards/ucf101/{part}{fold}")
        lists = ucf / "ucfTrainTestlist"
        subset_by_split_files(parent, lists, official("ucf101", fold, part), 0, *place)
        index = read_index(place[0])
        assert set(index["label"]) == set(UCF)
        assert index["sample"].tolist() == list(range(len(index)))
        assert index["shard"].str.match(r"\.\./all/0000\d\.tar").all()
        seen[part] = {Path(key).stem for key in index["key"]}
        clips = Clips(index, place[0].parent, VideoSettings(frames=4), AudioSettings(), ["video"])
        assert len(clips) == len(index)
    assert seen["test"] == {ucf_name(label, fold) for label in UCF}
    assert len(seen["train"]) == 4
    assert not seen["train"] & seen["test"]


def test_hmdb51_folds_take_ones_and_twos(hmdb: Path, tmp_path: Path) -> None:
    parent = hmdb / "shards/hmdb51/all/index.csv"
    for fold in (1, 2, 3):
        for part, code in (("train", 1), ("test", 2)):
            rows = official_videos(hmdb / "splits", official("hmdb51", fold, part))
            expected = {f"clip{n}_{c}" for c in HMDB for n in range(3) if (n + fold) % 3 == code}
            assert set(rows["stem"]) == expected
            place = outputs(tmp_path / f"{part}{fold}")
            chosen = official("hmdb51", fold, part)
            subset_by_split_files(parent, hmdb / "splits", chosen, 0, *place)
            assert set(read_index(place[0])["label"]) == set(HMDB)


def test_a_missing_video_is_named_and_too_many_stop_the_stage(
    ucf: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "classInd.txt").write_text("1 ApplyEyeMakeup\n2 Archery\n")
    there = [f"{label}/{ucf_name(label, g)}.avi" for label in UCF for g in (1, 2, 3)]
    (lists / "testlist01.txt").write_text("\n".join([*there, "Archery/v_Archery_g99_c01.avi"]))
    parent = ucf / "shards/ucf101/all/index.csv"
    place = outputs(tmp_path)
    subset_by_split_files(parent, lists, official("ucf101", 1, "test"), 0.2, *place)
    assert len(read_index(place[0])) == 6
    aside = read_csv(place[1], ("key", "reason"))
    assert aside[["key", "reason"]].to_numpy().tolist() == [
        ["Archery/v_Archery_g99_c01", "missing"]
    ]
    assert "missing on disk: Archery/v_Archery_g99_c01" in caplog.text
    with pytest.raises(UserError, match=r"1 of 7 videos are missing.*v_Archery_g99_c01"):
        subset_by_split_files(parent, lists, official("ucf101", 1, "test"), 0.1, *place)


def test_a_flat_folder_is_matched_by_name_and_other_folders_are_not(
    ucf: Path, tmp_path: Path, make_video: Callable[..., Path]
) -> None:
    for label in UCF:
        for group in (1, 2, 3):
            make_video(tmp_path / "flat" / f"{ucf_name(label, group)}.mp4", audio=False)
            make_video(tmp_path / "odd/x" / f"{ucf_name(label, group)}.mp4", audio=False)
    lists = ucf / "ucfTrainTestlist"
    parent = make_split(tmp_path / "flat", tmp_path / "out", media=MUTE)
    place = outputs(tmp_path / "chosen")
    subset_by_split_files(parent, lists, official("ucf101"), 0, *place)
    assert read_index(place[0])["label"].value_counts().to_dict() == dict.fromkeys(UCF, 2)
    parent = make_split(tmp_path / "odd", tmp_path / "out2", media=MUTE)
    with pytest.raises(UserError, match="4 of 4 videos are missing"):
        subset_by_split_files(parent, lists, official("ucf101"), 0, *place)


@pytest.mark.parametrize("folder", ["", "Archery/"])
def test_a_benchmark_in_shards_of_another_tool(
    ucf: Path, tmp_path: Path, make_video: Callable[..., Path], folder: str
) -> None:
    name = ucf_name("Archery", 2)
    film = make_video(tmp_path / f"{folder}{name}.mp4", audio=False)
    with tarfile.open(tmp_path / "part.tar", "w") as tar:
        tar.add(film, film.relative_to(tmp_path))
    table = tmp_path / "all/00000.csv"
    import_shard(str(tmp_path / "part.tar"), table.with_suffix(".tar"), table, MUTE)
    write_index([table], *outputs(tmp_path / "all"))
    place = outputs(tmp_path / "chosen")
    lists = ucf / "ucfTrainTestlist"
    subset_by_split_files(tmp_path / "all/index.csv", lists, official("ucf101"), 1, *place)
    assert read_index(place[0])["key"].tolist() == [f"part.tar/{folder}{name}"]


def test_copies_that_spell_a_class_in_two_ways(tmp_path: Path) -> None:
    """As the folders, files and lists of UCF-101's copies do; large and small letters are alike."""
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "classInd.txt").write_bytes(b"\xef\xbb\xbf1 HandstandPushups \r\n2 Archery\r\n")
    names = [
        "HandStandPushups/v_HandStandPushups_g01_c01.avi 1",
        "Archery\\v_Archery_g01_c01.avi 2",
    ]
    (lists / "trainlist01.txt").write_text(" \t\r\n".join([*names, ""]), newline="")
    keys = ["HANDSTANDPUSHUPS/v_HandstandPushups_g01_c01.mp4", "archery/V_ARCHERY_G01_C01.AVI"]
    parent = index_of(tmp_path / "all", keys)
    place = outputs(tmp_path / "train1")
    subset_by_split_files(parent, lists, official("ucf101"), 0, *place)
    index = read_index(place[0]).set_index("key")
    assert index["label"].to_dict() == {keys[0]: "HandstandPushups", keys[1]: "Archery"}


def test_a_chosen_class_without_a_clip_is_named(tmp_path: Path) -> None:
    parent = index_of(tmp_path / "all", ["a/1.mp4", "b/2.mp4"], {"b/2.mp4": "no-audio"})
    for read, name in ((read_index, "index.csv"), (read_rejected, "rejected.csv")):
        rows = read(parent.with_name(name))
        write_csv(parent.with_name(name), rows.assign(label=rows["key"].str[0]))
    with pytest.raises(UserError, match=r"class 'b' has no clip in .* \(1 x no-audio\); mend its"):
        subset_by_class(parent, ["a", "b"], *outputs(tmp_path))


def index_of(folder: Path, keys: list[str], reasons: dict[str, str] | None = None) -> Path:
    """An index of clips by these names, and the rejected ones among them; no shards."""
    facts = dict.fromkeys(SHARD_TABLE, 1) | {"label": "", "start": None, "end": None, "detail": "x"}
    rows = pd.DataFrame([facts | {"key": key, "id": id_of(key), "path": key} for key in keys])
    rows["reason"] = [(reasons or {}).get(key, "") for key in keys]
    write_csv(folder / "00000.csv", rows)
    write_index([folder / "00000.csv"], *outputs(folder))
    return folder / "index.csv"


def test_files_that_differ_in_case_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Each is the video of its own name if that is named; of two files for one, a good one."""
    lists = tmp_path / "lists"
    lists.mkdir()
    for name in ("run", "wave"):
        (lists / f"{name}_test_split1.txt").write_text(f"50_FIRST_{name}.avi 1\nb_{name}.avi 1\n")
    with (lists / "wave_test_split1.txt").open("a") as file:
        file.write("50_first_wave.avi 1\n")
    keys = ["run/50_first_run.avi", "run/b_run.avi", "run/b_run.mp4", "run/b_run.MP4"]
    keys += ["wave/50_first_wave.mp4", "wave/50_FIRST_wave.mp4", "Wave/B_wave.mp4"]
    parent = index_of(tmp_path / "all", keys, {"run/b_run.avi": "decode-failed"})
    place = outputs(tmp_path / "train1")
    subset_by_split_files(parent, lists, official("hmdb51"), 0, *place)
    found = sorted(read_index(place[0])["key"])
    assert found == sorted({*keys} - {"run/b_run.avi", "run/b_run.mp4"})
    words = "1 of the videos named have several files, such as run/b_run.MP4, run/b_run.mp4, run/b"
    assert words in caplog.text


def test_a_class_that_is_lost_stops_the_stage(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever its share of the clips is, and for whichever reason."""
    lists = tmp_path / "lists"
    lists.mkdir()
    names = [f"c{n:02d}" for n in range(40)]
    (lists / "classInd.txt").write_text("".join(f"{n} {c}\n" for n, c in enumerate(names)))
    lines = [f"{c}/{c}_{n}.avi\n" for c in names[:-1] for n in (range(5) if c > "c00" else [0])]
    (lists / "testlist01.txt").write_text("".join(lines))
    keys = [line.strip() for line in lines if not line.startswith("c00")]
    silent = {f"c07/c07_{n}.avi": "no-audio" for n in range(5)}
    parent = index_of(tmp_path / "all", keys, silent)
    place = outputs(tmp_path / "test1")
    arguments = (parent, lists, official("ucf101", part="test"))
    with pytest.raises(UserError) as raised:
        subset_by_split_files(*arguments, 0.01, *place)
    assert str(raised.value).startswith(
        f"3 of the 40 classes in the split files have no clip in {parent}: 'c00' (1 x missing), "
        "'c07' (5 x no-audio), 'c39' (no line names a video of it). To train on silent videos, set "
    )
    assert "; max_missing: 1 does without these classes" in str(raised.value)
    assert not place[0].exists()
    subset_by_split_files(*arguments, 1, *place)
    assert read_index(place[0])["label"].nunique() == 37
    assert "3 of the 40 classes in the split files have no clip" in caplog.text

    rejected = parent.with_name("rejected.csv")
    write_csv(rejected, read_rejected(rejected).iloc[:0])
    with pytest.raises(UserError, match=r"'c00' \(1 x missing\), 'c07'.*name their folders as"):
        subset_by_split_files(*arguments, 0.1, *place)


def test_classes_are_chosen_whichever_way_they_are_spelt(
    tmp_path: Path, make_video: Callable[..., Path]
) -> None:
    """Kinetics-Sound: classes of Kinetics, its shards, no video decoded again."""
    for label in ("playing piano", "playing_drums", "abseiling"):
        make_video(tmp_path / "kinetics" / label / "a.mp4")
    (tmp_path / "kinetics/playing_drums/empty.mp4").write_bytes(b"")
    parent = make_split(tmp_path / "kinetics", tmp_path / "shards/kinetics400/train")
    place = outputs(tmp_path / "shards/kinetics_sound/train")
    subset_by_class(parent, ["playing_piano", "Playing drums"], *place)
    index = read_index(place[0])
    assert index["label"].tolist() == ["playing piano", "playing_drums"]
    assert index["shard"].str.startswith("../../kinetics400/train/").all()
    assert read_csv(place[1])["key"].tolist() == ["playing_drums/empty.mp4"]
    summary = read_csv(place[2]).set_index("outcome")["videos"].to_dict()
    assert summary == {"accepted": 2, "empty-file": 1}
    clips = Clips(index, place[0].parent, VideoSettings(frames=4, crop=32), AudioSettings(fft=512))
    batch = next(iter(pass_batches(clips, batch_size=2)))
    assert batch.sample.tolist() == [0, 1]
    with pytest.raises(UserError, match="did you mean 'playing piano'"):
        subset_by_class(parent, ["playing pianos"], *place)
