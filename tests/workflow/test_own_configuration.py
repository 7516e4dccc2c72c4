"""A configuration of your own: its mistakes, and videos without classes."""

import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from tests.workflow.running import ENVIRONMENT, OVERLAY, REPOSITORY, TINY, rules_run, snakemake


def own_root(root: str) -> dict[str, Any]:
    flat = {"train": {"folder": "."}, "test": {"folder": "."}}
    return {"datasets": {"demo": {"embedded": None, "root": root, "splits": flat}}}


@pytest.mark.parametrize(
    ("overlay", "words"),
    [
        ({"defaults": {"trainin": {}}}, "did you mean 'training'?"),
        ({"defaults": {"video": {"crop": 60}}}, "use crop <= 32"),
        ({"defaults": {"network": {"clusters": 500}}}, "30 training clips are too few"),
        (
            {"datasets": {"demo": {"embedded": None, "root": "absent"}}},
            "absent/train is not a folder",
        ),
        (
            own_root("empty"),
            "no videos in empty: looked for .3g2, .3gp, .avi, .flv, .m2ts, .m4v, .mkv, .mov, .mp4, "
            ".mpeg, .mpg, .mts, .mxf, .ogv, .ts, .vob, .webm, .wmv at any depth; it is empty",
        ),
        (own_root("texts"), "found 2 x .txt"),
    ],
)
def test_mistakes_stop_the_run_at_once(checkout: Path, overlay: dict[str, Any], words: str) -> None:
    (checkout / "empty").mkdir(exist_ok=True)
    (checkout / "texts").mkdir(exist_ok=True)
    for name in ("a.txt", "b.txt"):
        (checkout / "texts" / name).write_text("words")
    (checkout / "wrong.yaml").write_text(yaml.safe_dump(overlay))
    output = snakemake(checkout, *OVERLAY, "wrong.yaml", code=1)
    assert words in output
    assert "Traceback" not in output


TWICE = "explorer: {clips_per_cluster: 3}\ndegrade: {}\nexplorer: {clips_per_cluster: 4}\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (TWICE.encode(), "wrong.yaml: key 'explorer' is given twice, in lines 1 and 3; keep one"),
        ("explorer: {}".encode("utf-16"), "wrong.yaml is not UTF-8 text (UTF-16); save it"),
        (b"explorer: [", "wrong.yaml is not valid YAML"),
        (b"explorer", "wrong.yaml holds 'explorer', not keys and values"),
        (b"defaults: {training: {base_lr: 1e-3}}", "write 1.0e-3"),
        (b"runs: {no: {dataset: demo}}", 'put it in quotes, such as "no"'),
    ],
    ids=["twice", "utf-16", "invalid", "no-keys", "number", "name"],
)
def test_a_file_that_yaml_misreads_stops_the_run(
    checkout: Path, content: bytes, words: str
) -> None:
    (checkout / "wrong.yaml").write_bytes(content)
    output = snakemake(checkout, *OVERLAY, "wrong.yaml", "-n", code=1)
    assert words in output
    assert "Traceback" not in output


def test_without_our_profiles_a_key_given_twice_stops_it_too(checkout: Path) -> None:
    (checkout / "wrong.yaml").write_text(TWICE)
    done = subprocess.run(
        ["snakemake", "--cores", "1", "-n", *OVERLAY, "wrong.yaml"],
        cwd=checkout, env=ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert (
        "wrong.yaml: key 'explorer' is given twice, in lines 1 and 3; keep"
        in done.stdout + done.stderr
    )


def test_your_own_videos_need_no_classes(checkout: Path, demo_videos: Path, tmp_path: Path) -> None:
    """The README's recipe: a flat folder; then a list of mute videos, and foreign shards."""
    videos = tmp_path / "my videos"
    videos.mkdir()
    for number, path in enumerate(sorted(demo_videos.rglob("clip*.mp4"))):
        shutil.copy(path, videos / f"it's {number}.mp4")
    names = sorted(videos.iterdir())
    listed = pd.DataFrame({"File": names, "title": "=1+1", "id": range(len(names))})
    listed.to_csv(tmp_path / "videos.csv", index=False, sep=";", encoding="utf-16")
    with tarfile.open(tmp_path / "foreign.tar", "w") as tar:
        for number, path in enumerate(names):
            tar.add(path, f"{number}.mp4")
    own = yaml.safe_load((REPOSITORY / "config/demo.yaml").read_text())
    own["datasets"] = {
        name: {"root": str(tmp_path), "splits": {"train": source}, "preset": "small", "media": more}
        for name, source, more in (
            ("mine", {"folder": videos.name, "shards": 2}, {}),
            ("mute", {"table": "videos.csv", "columns": {"path": "file"}}, {"audio": "none"}),
            ("foreign", {"tars": ["foreign.tar"]}, {}),
        )
    }
    own["defaults"] |= TINY["defaults"]
    own["machine"] = TINY["machine"]
    own["runs"] = {name: {"dataset": name} for name in own["datasets"]}
    own["runs"]["mute"]["modalities"] = ["video"]
    own["raw_csv"] = True
    (checkout / "own.yaml").write_text(yaml.safe_dump(own))
    config = ("--configfile", "own.yaml")
    # On a login node nothing is measured unasked.
    submitted = (
        "--executor",
        "slurm",
        "--jobs",
        "1",
        "--slurm-init-seconds-before-status-checks",
        "1",
    )
    elsewhere = ("--directory", str(tmp_path / "elsewhere"))
    target = "results/settings/media/mute.yaml"
    done = snakemake(checkout, *config, *submitted, *elsewhere, "--", target)
    assert f"\n  selavi estimate --configfile {checkout / 'own.yaml'}\n" in done
    done = snakemake(checkout, *config)
    assert re.search(r"Provided resources: .*device", done)
    assert "estimate, from rates measured here" in done
    assert re.search(r"^ *mine +pretrain ", done, re.MULTILINE)
    assert rules_run(done).count("metrics") == rules_run(done).count("baselines") == 1
    for run in own["runs"]:
        assert (checkout / "results/explorer" / run / "index.html").exists()
        assigned = pd.read_csv(checkout / "results/assign" / run / "train.csv")
        assert len(assigned) == len(names)
        assert assigned["label"].isna().all()
    assigned = pd.read_csv(checkout / "results/assign/mute/train.csv")
    assert (assigned["title"] == "=1+1").all()
    assert sorted(assigned["id_table"]) == list(range(len(names)))
    for name in ("clustering", "baselines"):
        table = pd.read_csv(checkout / f"results/tables/{name}.csv").set_index("run")
        assert set(table.loc[["foreign"], "note"]) == {"not run: no clip has a class"}
