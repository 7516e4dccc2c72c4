"""config/paper.yaml on every dataset's layout in miniature, as far as the data goes."""

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from tests.workflow.running import ENVIRONMENT, REPOSITORY, copy_workflow, rules_run, snakemake

PAPER: dict[str, Any] = yaml.safe_load((REPOSITORY / "config/paper.yaml").read_text())
SOUND = PAPER["datasets"]["kinetics-sound"]["splits"]["train"]["classes"]
SMALL = {"short_side": 32, "fps": 8.0, "audio_rate": 16000}
SMALL_RUN = {
    "network": {"clusters": 2},
    "training": {"batch_size": 2},
    "video": {"frames": 8, "fps": 8.0},
}
CONFIG = ("--configfile", "config/paper.yaml", "small.yaml")


def overlay(layout: Path) -> dict[str, Any]:
    """Roots of the miniatures, one or two shards a split, and clips that are quick to make."""
    datasets = {}
    for name, dataset in PAPER["datasets"].items():
        shards = 2 if name == "vgg-sound" else 1
        splits = {k: {"shards": shards} for k, s in dataset["splits"].items() if "of" not in s}
        root = "kinetics" if name == "kinetics-sound" else name
        datasets[name] = {"root": str(layout / root), "media": SMALL, "splits": splits}
    runs = dict.fromkeys(PAPER["runs"], SMALL_RUN)
    short = {"frames": 8}
    return {"datasets": datasets, "runs": runs, "retrieval": short, "finetune": short}


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory, make_video: Callable[..., Path]) -> Path:
    """{dataset}/{split}/{class}/{video}.mp4, and UCF-101 and HMDB-51 with their split files."""
    root = tmp_path_factory.mktemp("datasets")
    film = make_video(root / "film.mp4", size="64x48", fps="10")
    mute = make_video(root / "mute.avi", size="64x48", fps="10", audio=False)

    def put(source: Path, *names: str) -> None:
        for name in names:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, root / name)

    for split in ("train", "test"):
        put(film, *(f"vgg-sound/{split}/{c}/{n}.mp4" for c in ("dog barking", "cat") for n in "ab"))
    for split in ("train", "val"):
        put(film, f"kinetics/{split}/abseiling/a.mp4", f"kinetics/{split}/zumba/a.mp4")
        for number, name in enumerate(SOUND):
            folder = name.replace(" ", "_") if number % 2 else name
            put(film, f"kinetics/{split}/{folder}/a.mp4")
    for split in ("train", "val", "test"):
        put(film, *(f"ave/{split}/{c}/{n}.mp4" for c in ("Bark", "Church bell") for n in "ab"))
    lists = {f"{part}list0{fold}": [] for part in ("train", "test") for fold in (1, 2, 3)}
    for label in ("Archery", "Biking"):
        for group in (1, 2, 3):
            name = f"{label}/v_{label}_g0{group}_c01.avi"
            put(mute if group == 1 else film, f"ucf101/UCF-101/{name}")
            for fold in (1, 2, 3):
                lists[f"{'test' if group == fold else 'train'}list0{fold}"].append(name)
    (root / "ucf101/ucfTrainTestlist").mkdir()
    for name, lines in {**lists, "classInd": ["1 Archery", "2 Biking"]}.items():
        (root / f"ucf101/ucfTrainTestlist/{name}.txt").write_text("\n".join(lines) + "\n")
    (root / "hmdb51/testTrainMulti_7030_splits").mkdir(parents=True)
    for label in ("wave", "shake_hands"):
        put(mute, *(f"hmdb51/hmdb51/{label}/{n}_{label}.avi" for n in range(3)))
        for fold in (1, 2, 3):
            lines = [f"{n}_{label}.avi {(n + fold) % 3}" for n in range(3)]
            path = root / f"hmdb51/testTrainMulti_7030_splits/{label}_test_split{fold}.txt"
            path.write_text("\n".join(lines) + "\n")
    return root


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory, layout: Path) -> Path:
    folder = copy_workflow(tmp_path_factory.mktemp("paper"))
    (folder / "small.yaml").write_text(yaml.safe_dump(overlay(layout)))
    (folder / "results/shards").mkdir(parents=True)  # begun: what it costs is not measured
    return folder


@pytest.fixture(scope="module")
def indexed(paper: Path) -> Path:
    snakemake(paper, *CONFIG, "--", "index_all")
    return paper / "results/shards"


def test_every_layout_becomes_an_index(indexed: Path) -> None:
    sizes = {
        path.parent.relative_to(indexed).as_posix(): len(pd.read_csv(path))
        for path in indexed.rglob("index.csv")
    }
    expected = {"vgg-sound/train": 4, "vgg-sound/test": 4, "ucf101/all": 6, "hmdb51/all": 6}
    expected |= {f"kinetics/{s}": 34 for s in ("train", "val")}
    expected |= {f"kinetics-sound/{s}": 32 for s in ("train", "val")}
    expected |= {f"ave/{s}": 4 for s in ("train", "val", "test")}
    expected |= {f"ucf101/train{n}": 4 for n in (1, 2, 3)}
    expected |= {f"ucf101/test{n}": 2 for n in (1, 2, 3)}
    expected |= {f"hmdb51/{s}{n}": 2 for n in (1, 2, 3) for s in ("train", "test")}
    assert sizes == expected


def test_chosen_splits_have_no_manifest_or_shards_of_their_own(paper: Path, indexed: Path) -> None:
    plan = snakemake(paper, *CONFIG, "-n", "--forceall", "--", "manifest_all")
    assert rules_run(plan).count("manifest") == 9
    assert not list((indexed / "kinetics-sound").rglob("*.tar"))
    for name in ("kinetics-sound/train", "ucf101/test2"):
        for shard in pd.read_csv(indexed / name / "index.csv")["shard"]:
            assert (indexed / name / shard).is_file()


def test_sound_is_kept_where_there_is_some(indexed: Path) -> None:
    ucf = pd.read_csv(indexed / "ucf101/all/index.csv")
    assert sorted((ucf["samples"] > 0).tolist()) == [False, False, True, True, True, True]
    assert (pd.read_csv(indexed / "hmdb51/all/index.csv")["samples"] == 0).all()


def test_a_dataset_that_is_not_there_is_taken_out(paper: Path) -> None:
    gone = {"datasets": dict.fromkeys(["vgg-sound", "kinetics", "ucf101", "hmdb51"])}
    (paper / "only_ave.yaml").write_text(yaml.safe_dump(gone))
    plan = snakemake(paper, *CONFIG, "only_ave.yaml", "-n", "--forceall", "--", "index_all")
    assert rules_run(plan).count("shard") == 3
    assert "subset" not in rules_run(plan)


def test_another_split_makes_nothing_else_again(paper: Path, indexed: Path) -> None:
    more = {"vgg-sound": {"cats": {"of": "train", "classes": ["cat"]}}}
    more["ucf101"] = {"train1": {"max_missing": 0.5}}
    datasets = {name: {"splits": splits} for name, splits in more.items()}
    (paper / "more.yaml").write_text(yaml.safe_dump({"datasets": datasets}))
    plan = snakemake(paper, *CONFIG, "more.yaml", "-n", "--", "index_all")
    assert set(rules_run(plan)) == {"config_settings", "split_settings", "subset", "index_all"}
    assert rules_run(plan).count("subset") == 2


def test_videos_may_be_moved_away_once_they_are_sharded(
    paper: Path, indexed: Path, layout: Path
) -> None:
    names = ("ave", "ucf101")
    for name in names:
        (layout / name).rename(layout / f"{name}-away")
    try:
        assert "Nothing to be done" in snakemake(paper, *CONFIG, "--", "index_all")
    finally:
        for name in names:
            (layout / f"{name}-away").rename(layout / name)


def test_files_that_the_settings_name_are_watched(paper: Path, indexed: Path, layout: Path) -> None:
    rows = [f"vgg-sound/train/cat/{name}.mp4" for name in "ab"]
    pd.DataFrame({"path": rows, "label": "cat"}).to_csv(layout / "listed.csv", index=False)
    datasets = {
        "listed": {
            "root": str(layout),
            "splits": {"train": {"table": "listed.csv", "shards": 1}},
            "media": SMALL,
        }
    }
    (paper / "listed.yaml").write_text(yaml.safe_dump({"datasets": datasets}))
    arguments = (*CONFIG, "listed.yaml", "--", "index_all")
    snakemake(paper, *arguments)
    assert "Nothing to be done" in snakemake(paper, *arguments)
    with (layout / "listed.csv").open("a") as file:
        file.write("vgg-sound/train/dog barking/a.mp4,dog\n")
    official = layout / "ucf101/ucfTrainTestlist/testlist02.txt"
    official.write_text(official.read_text() + "\n")
    plan = snakemake(paper, *arguments[:-2], "-n", *arguments[-2:])
    expected = {"split_settings", "manifest", "shard", "index", "subset", "index_all"}
    assert set(rules_run(plan)) == expected
    assert [rules_run(plan).count(rule) for rule in ("manifest", "shard", "subset")] == [1, 1, 1]


def test_made_shards_are_fetched_in_place_of_videos(paper: Path, indexed: Path) -> None:
    datasets: dict[str, Any] = dict.fromkeys(PAPER["datasets"])
    datasets["made"] = {
        "root": "results/shards/vgg-sound",
        "splits": {"train": {"tars": ["train/{00000..00001}.tar"]}},
        "media": SMALL,
    }
    runs = {"made": SMALL_RUN | {"dataset": "made"}}
    (paper / "made.yaml").write_text(yaml.safe_dump({"datasets": datasets, "runs": runs}))
    arguments = ("--configfile", "config/paper.yaml", "made.yaml", "--", "index_all")
    assert rules_run(snakemake(paper, *arguments)).count("import_shards") == 2
    assert "Nothing to be done" in snakemake(paper, *arguments)
    ours = pd.read_csv(indexed / "made/train/index.csv")
    theirs = pd.read_csv(indexed / "vgg-sound/train/index.csv")
    assert ours["id"].tolist() == theirs["id"].tolist()


def test_a_new_video_makes_one_clip_anew(
    paper: Path, indexed: Path, layout: Path, make_video: Callable[..., Path]
) -> None:
    before = {p: p.read_bytes() for p in (indexed / "vgg-sound/train").glob("0*.tar")}
    new = make_video(layout / "vgg-sound/train/cat/new.mp4", size="64x48", fps="10")
    try:
        done = snakemake(
            paper, *CONFIG, "-R", "manifest", "--", "results/shards/vgg-sound/train/index.csv"
        )
        assert rules_run(done).count("shard") == 2
        logs = [(paper / f"logs/shard/vgg-sound/train/0000{n}.log").read_text() for n in range(2)]
        assert sum(int(log.rsplit(", ")[-1].split()[0]) for log in logs) == 4  # reused
        changed = [p for p, content in before.items() if p.read_bytes() != content]
        assert len(changed) == 1
    finally:
        new.unlink()


def digests(folder: Path) -> dict[str, bytes]:
    paths = [p for p in folder.rglob("*") if p.is_file() and ".shard_cache" not in p.parts]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in paths}


def test_killed_at_any_moment_the_shards_come_out_the_same(
    paper: Path, layout: Path, tmp_path: Path, make_video: Callable[..., Path]
) -> None:
    """kill -9 of the whole run, workflow engine and ffmpeg alike, at ten random moments."""
    for n in range(12):
        make_video(layout / f"killed/train/c/{n}.mp4", seconds=4, size="640x480", hertz=300 + n)
    datasets: dict[str, Any] = dict.fromkeys(PAPER["datasets"])
    datasets["killed"] = {
        "root": str(layout / "killed"), "splits": {"train": {"shards": 4}}, "media": SMALL,
    }  # fmt: skip
    runs = {"killed": SMALL_RUN | {"dataset": "killed"}}
    (paper / "killed.yaml").write_text(yaml.safe_dump({"datasets": datasets, "runs": runs}))
    arguments = ("--configfile", "config/paper.yaml", "killed.yaml", "--", "index_all")
    snakemake(paper, *arguments)
    whole = digests(paper / "results/shards/killed")
    shutil.rmtree(paper / "results/shards/killed")
    chance = random.Random(0)
    for _ in range(10):
        process = subprocess.Popen(
            ["snakemake", "--profile", "profiles/local", "--cores", "2", "--nolock", *arguments],
            cwd=paper, env=ENVIRONMENT, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            process.wait(chance.uniform(1.5, 5))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    time.sleep(0.5)
    snakemake(paper, "--nolock", *arguments)
    assert digests(paper / "results/shards/killed") == whole
