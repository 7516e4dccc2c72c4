"""What is said before a run, on real videos and a real machine."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import yaml

from selavi.data.shards.cost import shard_sample
from selavi.data.sources.factory import configured_source, source_of
from selavi.data.sources.source import VideoSource
from selavi.estimates.cost import Cost
from selavi.files import UserError
from selavi.preflight.checks import (
    disk,
    given_weights,
    initial_weights,
    names_of_clusters,
    stored_sizes,
)
from selavi.preflight.config_files import read_config
from selavi.preflight.estimate import estimate
from selavi.preflight.samples import sample_of
from selavi.settings import TORCHVISION
from selavi.training.cost import clip_rate
from tests.conftest import PRIVATE, SMALL_SHM

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
DEMO = REPOSITORY / "config/demo.yaml"


def selavi(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "selavi", *arguments], cwd=REPOSITORY,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def own(demo_videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's settings on a folder of 24 good training videos and five that are not."""
    raw = yaml.safe_load(DEMO.read_text())
    raw["datasets"]["demo"] |= {"root": str(demo_videos), "embedded": None}
    raw["machine"]["precision"] = "float32"
    path = tmp_path_factory.mktemp("config") / "own.yaml"
    path.write_text(yaml.safe_dump(raw))
    return path


def test_videos_are_counted_and_a_few_taken(own: Path, tmp_path: Path) -> None:
    config = read_config([own])
    assert configured_source(config.datasets, "demo", "train").count() == 24 + 5
    source = configured_source(config.datasets, "demo", "train")
    assert isinstance(source, VideoSource)
    rows = sample_of(source, tmp_path)
    assert len(rows) == 3
    assert rows["path"].is_unique
    assert configured_source(read_config([DEMO]).datasets, "demo", "test").count() == 200


def test_costs_grow_with_what_is_asked(own: Path) -> None:
    costs = {cost.stage: cost for cost in estimate(read_config([own]))}
    assert set(costs) == {"shard", "pretrain", "assign", "map", "baselines"}
    assert all(cost.cpu_hours > 0 for cost in costs.values())
    # 24 + 5 + 8 videos; the fixture's shards hold about 30 kB a video
    assert 37 * 5e3 < costs["shard"].stored < 37 * 200e3
    assert costs["pretrain"].cpu_hours + costs["pretrain"].gpu_hours > costs["assign"].cpu_hours
    none = own.with_name("none.yaml")
    none.write_text("{baselines: {runs: []}, runs: {demo: {machine: {checkpoints_kept: 12}}}}")
    others = {cost.stage: cost for cost in estimate(read_config([own, none]))}
    assert set(others) == set(costs) - {"baselines"}
    # thirteen saves at a time in place of three: those that are kept, and the one being written
    assert 3 < others["pretrain"].stored / costs["pretrain"].stored < 13 / 3


def test_disk_is_looked_for_where_the_results_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    free = shutil.disk_usage(tmp_path).free
    much = [Cost("demo", "shard", 1.0, 0.0, free + 5e11)]
    found = next(disk(much))
    assert found.good is False
    assert f"free in {tmp_path}; link results/ to a larger disk" in found.words
    larger = tmp_path / "larger"
    (larger / "shards").mkdir(parents=True)
    with (larger / "shards/0.tar").open("wb") as shard:
        shard.truncate(10**12)  # sparse
    (larger / "shards/again.tar").hardlink_to(larger / "shards/0.tar")
    (tmp_path / "results").symlink_to(larger)
    found = next(disk(much))
    assert found.good is True
    assert "1e+03 GB of results are there" in found.words
    assert found.words.endswith(f"free in {larger}")


@pytest.fixture(scope="module")
def judged(own: Path) -> dict[tuple[str, str], Cost]:
    """Costs of a run of both modalities and of one each, with every evaluation."""
    path = own.with_name("judged.yaml")
    transfer = {"datasets": {"demo": [0]}, "frames": 6, "clips": 2}
    finetuning = {"runs": ["demo"], "epochs": 2, "crop": 32, "scale_min": 32, "scale_max": 40}
    path.write_text(yaml.safe_dump({
        "runs": {n: {"dataset": "demo", "modalities": [n]} for n in ("video", "audio")},
        "degrade": {
            "runs": ["demo", "video", "audio"], "audio": [{"kbps": 32, "rate": 16000}],
            "video": [{"short_side": 16, "crf": 45}, {"short_side": 32, "crf": 30}],
        },
        "retrieval": transfer | {"runs": ["demo", "video"]},
        "finetune": transfer | finetuning,
    }))  # fmt: skip
    costs = estimate(read_config([own, path]))
    return {(cost.what, cost.stage): cost for cost in costs}


def test_a_run_of_one_modality_is_measured_by_it_alone(
    own: Path, judged: dict[tuple[str, str], Cost]
) -> None:
    index = Path(tempfile.mkdtemp(dir=own.parent))
    dataset = read_config([own]).datasets["demo"]
    source = source_of(dataset, "train")
    assert isinstance(source, VideoSource)
    rows = sample_of(source, index)
    made = shard_sample(rows, dataset.media, index).index
    runs = read_config([own, own.with_name("judged.yaml")]).runs
    sizes = {name: clip_rate(made, runs[name]) for name in ("demo", "video", "audio")}
    assert sizes["video"].features == sizes["audio"].features == sizes["demo"].features / 2
    parts = sizes["video"].parameters + sizes["audio"].parameters
    assert parts == sizes["demo"].parameters
    assert judged["video", "pretrain"].stored < judged["demo", "pretrain"].stored
    assert ("video", "pretrain") in judged and ("audio", "assign") in judged


def test_evaluations_are_in_the_estimate(judged: dict[tuple[str, str], Cost]) -> None:
    stages = {stage for _, stage in judged}
    assert {"degrade", "assign-degraded", "retrieval", "finetune"} <= stages
    assert all(cost.cpu_hours + cost.gpu_hours > 0 for cost in judged.values())
    assert {what for what, stage in judged if stage == "retrieval"} == {"demo", "video"}
    assert {what for what, stage in judged if stage == "degrade"} == {"demo"}  # once for all runs
    # A run that looks and listens has three levels to assign, one that looks alone two.
    levels = [judged[run, "assign-degraded"].stored for run in ("demo", "video", "audio")]
    assert [size / levels[2] for size in levels] == [3, 2, 1]
    assert judged["demo", "finetune"].stored == pytest.approx(
        2 * judged["demo", "pretrain"].stored, rel=0.9
    )


def test_splits_chosen_from_others_are_counted(own: Path, tmp_path: Path) -> None:
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "classInd.txt").write_text("1 0\n2 1\n")
    (lists / "trainlist01.txt").write_text("0/a.avi 1\n1/b.avi 2\n1/c.avi 2\n")
    official = {"layout": "ucf101", "folder": str(lists), "fold": 1, "part": "train"}
    names = sorted(p.name for p in (own_root(own) / "train").iterdir() if p.is_dir())[:2]
    over = tmp_path / "over.yaml"
    over.write_text(yaml.safe_dump({"datasets": {"demo": {"splits": {
        "two": {"of": "train", "classes": names}, "official": {"of": "train", "official": official},
    }}}}))  # fmt: skip
    config = read_config([own, over])
    there = [path for name in names for path in (own_root(own) / "train" / name).iterdir()]
    assert configured_source(config.datasets, "demo", "two").count() == len(there) >= 12
    assert configured_source(config.datasets, "demo", "official").count() == 3
    (lists / "trainlist01.txt").unlink()
    with pytest.raises(UserError, match="unpack the splits there"):
        configured_source(config.datasets, "demo", "official").count()


def test_shards_made_before_lie_below_the_root(train_index: Path, tmp_path: Path) -> None:
    """As the fetch stage takes them; with such splits alone there is nothing to measure."""
    splits = {"train": {"tars": ["{00000..00002}.tar"]}}
    dataset = {"root": str(train_index.parent), "splits": splits}
    raw = {"datasets": {"mine": dataset}, "runs": {"mine": {"dataset": "mine"}}}
    path = tmp_path / "tars.yaml"
    path.write_text(yaml.safe_dump(raw))
    stored = sum(tar.stat().st_size for tar in train_index.parent.glob("*.tar"))
    assert configured_source(read_config([path]).datasets, "mine", "train").stored() == stored
    done = selavi("estimate", "--configfile", str(path))
    assert done.returncode == 0, done.stderr
    assert "import-shards" in done.stdout
    assert "the runs are not estimated" in done.stderr
    found = selavi("doctor", "--configfile", str(path)).stdout
    assert "shards made before" in found
    assert "a few videos" not in found


def own_root(own: Path) -> Path:
    return Path(read_config([own]).datasets["demo"].root)


def test_estimate_is_a_table(own: Path) -> None:
    done = selavi("estimate", "--configfile", str(own))
    assert done.returncode == 0, done.stderr
    for word in ("shard", "pretrain", "CPU time", "GPU time", "disk"):
        assert word in done.stdout


def test_doctor_finds_nothing_wrong_here(own: Path) -> None:
    done = selavi("doctor", "--configfile", str(own))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all checks passed" in done.stdout
    assert "29 videos" in done.stdout


def test_doctor_names_what_is_missing(own: Path, tmp_path: Path) -> None:
    raw = yaml.safe_load(own.read_text())
    raw["datasets"]["demo"]["root"] = str(tmp_path / "absent")
    path = tmp_path / "absent.yaml"
    path.write_text(yaml.safe_dump(raw))
    done = selavi("doctor", "--configfile", str(path))
    assert done.returncode == 1
    words = " ".join(done.stdout.split())
    assert "demo/train" in words and "is not a folder; set the dataset's root" in words
    done = selavi("doctor", "--configfile", str(tmp_path / "none.yaml"))
    assert done.returncode == 1
    words = " ".join(done.stdout.split())
    assert "does not exist; name a configuration with --configfile" in words
    assert "or begin a project with `selavi init`" in words


def test_doctor_says_that_slurm_is_not_here(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # where no command is, Slurm's neither
    done = selavi("doctor", "--profile", "slurm", "--configfile", str(own))
    assert done.returncode == 1
    assert "login node" in done.stdout


def test_shared_memory_that_is_too_small(own: Path, private_mounts: None) -> None:
    found = " ".join(selavi("doctor", "--configfile", str(own)).stdout.split())
    assert "hands over up to" in found and "--shm-size" not in found
    command = [sys.executable, "-m", "selavi", "doctor", "--configfile", str(own)]
    done = subprocess.run(
        [*PRIVATE, SMALL_SHM, "sh", "1m", *command], cwd=REPOSITORY,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "1 MB free in /dev/shm; run demo hands over up to" in " ".join(done.stdout.split())
    assert "--shm-size=8g" in done.stdout and "1 problem found" in done.stdout


def test_frames_that_a_run_would_enlarge(own: Path, tmp_path: Path) -> None:
    assert not list(stored_sizes(read_config([own])))
    over = tmp_path / "over.yaml"
    over.write_text("datasets: {demo: {media: {short_side: 32}}}\n")
    (finding,) = stored_sizes(read_config([own, over]))
    assert finding.good is None
    assert "stores frames of 32 pixels" in finding.words and "short_side: 40" in finding.words


def test_initial_weights_that_are_not_there(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("SELAVI_ZOO", str(tmp_path / "zoo"))
    here = tmp_path / "here.pt"
    here.touch()
    sources = {
        "made": "results/pretrain/here/model.pt", "here": str(here), "absent": "absent.pt",
        "zoo": "zoo:ave", "given": "results/pretrain/imported/model.pt",
    }  # fmt: skip
    runs: dict[str, object] = {
        name: {"dataset": "demo", "network": {"init": source}} for name, source in sources.items()
    }
    runs["imported"] = {"dataset": "demo", "weights": str(here)}
    runs["theirs"] = {"dataset": "demo", "network": {"init": {"video": TORCHVISION}}}
    over = tmp_path / "over.yaml"
    over.write_text(yaml.safe_dump({"runs": runs}))
    found = {finding.what: finding for finding in initial_weights(read_config([own, over]))}
    assert {what: finding.good for what, finding in found.items()} == {
        "run made": True, "run given": True, "run here": True, "run theirs": None,
    }  # fmt: skip
    (lacking,) = given_weights(read_config([own, over]))
    assert lacking.good is False
    absent, zoo = lacking.words.splitlines()
    assert absent.startswith("runs.absent.network.init: absent.pt does not exist")
    assert "selavi zoo get ave" in zoo
    assert f"{tmp_path}/torch" in found["run theirs"].words
    assert not list(initial_weights(read_config([own])))


def test_names_that_cannot_be_read(own: Path, tmp_path: Path) -> None:
    over = tmp_path / "over.yaml"
    over.write_text(yaml.safe_dump({"runs": {"demo": {"names": str(tmp_path / "names.csv")}}}))
    config = read_config([own, over])
    [finding] = names_of_clusters(config)
    assert "runs.demo.names:" in finding.words and "names.csv does not exist" in finding.words
    (tmp_path / "names.csv").write_text("cluster,name\n0,dog\n")
    assert not list(names_of_clusters(config))
    assert not list(names_of_clusters(read_config([own])))
