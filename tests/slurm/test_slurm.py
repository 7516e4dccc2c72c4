"""The real workflow on a real Slurm of two nodes, undisturbed and through every kind of kill.

Every run trains the same data with the same settings and seed: whatever befell it, it must end with
the labels of the run that nothing befell.
"""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml
from sklearn.metrics import normalized_mutual_info_score

from selavi.files import read_csv
from tests.slurm.checkout import ENVIRONMENT, Checkout, profile, small
from tests.slurm.cluster import Cluster, about, wait_for
from tests.training.runs import same_but_for_rounding, same_result


def ranks(checkout: Checkout, run: str) -> list[int]:
    """Process ids of the training processes of a run, not of their launcher."""
    pattern = rf"^[^ ]*python[^ ]* -m selavi pretrain .*pretrain/{run} "
    return checkout.processes(pattern)


def as_calm(checkout: Checkout, run: str) -> None:
    """Labels, weights and log of the run that nothing befell, bit for bit."""
    same_result(checkout.pretrain(run), checkout.pretrain("calm"))


# ------------------------------------------------------------------------- undisturbed


def test_the_whole_workflow_runs(checkout: Checkout) -> None:
    results = checkout.folder / "results"
    clips = pd.read_csv(results / "assign/calm/train.csv")
    assert len(clips) == 16
    expected = normalized_mutual_info_score(clips["label"], clips["cluster"])
    first = pd.read_csv(results / "tables/clustering.csv").iloc[0]
    assert first[["split", "method", "modality"]].tolist() == ["train", "SeLaVi", "video+audio"]
    assert first["nmi"] == pytest.approx(expected, abs=1e-6)
    assert (results / "explorer/calm/index.html").exists()
    costs = pd.read_csv(results / "tables/costs.csv").set_index("stage")
    assert costs.loc["shard", "jobs"] == 5
    assert {"demo-data", "pretrain", "assign", "baselines", "explorer"} <= set(costs.index)
    assert (costs["memory_mb"] > 0).all()


def test_training_ran_on_both_nodes(checkout: Checkout) -> None:
    job = checkout.job("pretrain", "calm")
    assert about(job, "NodeList") == "node[1-2]"
    assert about(job, "JobState") == "COMPLETED"
    assert "starting 2 processes on 2 nodes" in checkout.logs("pretrain", "calm")[-1].read_text()


def test_shards_share_jobs_and_a_failed_one_is_made_alone(checkout: Checkout) -> None:
    jobs = list((checkout.folder / ".snakemake/slurm_logs").glob("group_shards*/**/*.log"))
    assert len(jobs) == 4  # five shards two by two, and the retry
    shards = checkout.folder / "logs/shard/demo/train"
    logs = {n: (shards / f"{n:05d}.log").read_text() for n in range(4)}
    again = [n for n, words in logs.items() if re.search(r", [1-9]\d* reused", words)]
    assert len(again) <= 1 and 2 not in again  # its neighbour was taken over, nothing else redone
    whole = pd.read_csv(checkout.folder / "results/shards/demo/train/index.csv")
    assert len(whole) == 16


def test_finetuning_told_to_stop_goes_on_over_two_nodes(checkout: Checkout) -> None:
    job = checkout.job("finetune")
    assert about(job, "NodeList") == "node[1-2]"
    assert about(job, "Restarts") == "1"
    words = checkout.logs("finetune")[-1].read_text()
    assert "starting 2 processes on 2 nodes" in words
    assert "resuming from epoch" in words
    table = read_csv(checkout.folder / "results/finetune/calm/demo/0.csv", ("note",))
    assert table["epoch"].tolist() == list(range(1, 7))


# ------------------------------------------------------------------------- selavi doctor


def doctor(checkout: Checkout, name: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "selavi", "doctor", "--profile", name],
        cwd=checkout.folder, env=ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, " ".join(done.stdout.split())


def test_doctor_finds_what_the_cluster_cannot_give(checkout: Checkout) -> None:
    code, words = doctor(checkout, "slurm")  # asks for four GPUs a node, and there are two
    assert code == 1
    assert "partition main*" in words
    assert "change the profile's resources of pretrain" in words


def test_doctor_is_content_with_a_profile_that_fits(checkout: Checkout) -> None:
    fitting = profile() | small(0, {}) | {"configfile": "config/demo.yaml"}
    (checkout.folder / "fitting").mkdir()
    path = checkout.folder / "fitting/config.yaml"
    path.write_text(yaml.safe_dump(fitting))
    code, words = doctor(checkout, "fitting")
    assert code == 0, words
    assert "is the same on a node" in words
    assert "all checks passed" in words
    assert "job 2 x shard" in words
    fitting["group-components"]["shards"] = 1000
    fitting["set-resources"]["pretrain"]["runtime"] = 10_000
    path.write_text(yaml.safe_dump(fitting))
    code, words = doctor(checkout, "fitting")
    assert code == 1
    assert "its partition allows 2880: lower it" in words
    assert "lower shards of the profile's group-components" in words


# ------------------------------------------------------------------------- disturbed


@pytest.fixture(scope="module")
def disturbed(checkout: Checkout) -> dict[str, str]:
    """Three runs disturbed in mid-epoch, four of other sizes, and a hopeless one beside them.

    Returns the job that each began with.
    """
    runs = ["asked", "killed", "cancelled"]
    jobs = {"hopeless": checkout.submit_hopeless_job()}
    command = checkout.command([*runs, "near", "four", "one", "two"], "--", "pretrain_all")
    with checkout.ending(checkout.start(*command)):
        for run in runs:
            checkout.wait_until_mid_epoch(run)
            jobs[run] = checkout.job("pretrain", run)
            if run == "asked":  # as Slurm does when the time is nearly up
                subprocess.run(["scancel", "--signal=USR1", jobs[run]], check=True)
            elif run == "killed":
                os.kill(ranks(checkout, run)[-1], signal.SIGKILL)
            else:
                subprocess.run(["scancel", jobs[run]], check=True)
    return jobs


def test_usr1_saves_and_the_same_job_goes_on(checkout: Checkout, disturbed: dict[str, str]) -> None:
    assert checkout.job("pretrain", "asked") == disturbed["asked"]
    assert about(disturbed["asked"], "Restarts") == "1"
    words = checkout.logs("pretrain", "asked")[-1].read_text()
    assert "it resumes from its checkpoint" in words
    assert "resuming from epoch" in (checkout.folder / "logs/pretrain/asked.log").read_text()
    as_calm(checkout, "asked")


def test_a_killed_rank_takes_the_group_with_it_and_the_retry_goes_on(
    checkout: Checkout, disturbed: dict[str, str]
) -> None:
    assert about(disturbed["killed"], "JobState") == "FAILED"
    assert checkout.job("pretrain", "killed") != disturbed["killed"]
    assert "resuming from epoch" in (checkout.folder / "logs/pretrain/killed.log").read_text()
    as_calm(checkout, "killed")


def test_a_cancelled_job_is_not_revived_and_the_retry_goes_on(
    checkout: Checkout, disturbed: dict[str, str]
) -> None:
    assert about(disturbed["cancelled"], "JobState") == "CANCELLED"
    assert about(disturbed["cancelled"], "Restarts") == "0"
    assert checkout.job("pretrain", "cancelled") != disturbed["cancelled"]
    as_calm(checkout, "cancelled")


def test_a_job_that_never_gets_as_far_as_a_save_is_given_up(
    checkout: Checkout, disturbed: dict[str, str]
) -> None:
    job = disturbed["hopeless"]
    wait_for(lambda: about(job, "JobState") == "FAILED", 120, "the end of the hopeless job")
    assert about(job, "Restarts") == "3"
    words = (checkout.pretrain("hopeless") / "job.log").read_text()
    assert words.count("starting 1 processes") == 3
    assert f"Slurm has restarted job {job} 3 times without a new checkpoint" in words


def test_a_lost_node_a_lost_slurm_controller_and_a_preemption(
    cluster: Cluster, checkout: Checkout, disturbed: dict[str, str]
) -> None:
    command = checkout.command(["lost"], "--", "pretrain_all")
    with checkout.ending(checkout.start(*command)):
        checkout.wait_until_mid_epoch("lost")
        job = checkout.job("pretrain", "lost")
        before = ranks(checkout, "lost")
        assert len(before) == 2
        down = ["scontrol", "update", "nodename=node2", "state=down", "reason=test"]
        subprocess.run(down, check=True)
        wait_for(
            lambda: not set(before) & set(ranks(checkout, "lost")), 60, "the end of both ranks"
        )
        at = checkout.steps("lost")
        subprocess.run(["scontrol", "update", "nodename=node2", "state=resume"], check=True)
        wait_for(lambda: checkout.steps("lost") > at + 4, 120, "training to go on")
        cluster.kill_controller()
        cluster.start_controller()
        urgent = subprocess.run(
            ["sbatch", "--parsable", "-p", "urgent", "-N2", "--exclusive", "-o", "/dev/null",
             "--wrap", "sleep 1"], capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
    assert about(urgent, "JobState") == "COMPLETED"
    assert checkout.job("pretrain", "lost") == job
    assert about(job, "Restarts") == "2"
    as_calm(checkout, "lost")


def test_the_same_command_after_snakemake_itself_was_killed(
    checkout: Checkout, disturbed: dict[str, str]
) -> None:
    command = checkout.command(["orphan"], "--", "pretrain_all", patient=True)
    controller = checkout.start(*command)
    checkout.wait_until_mid_epoch("orphan")
    job = checkout.job("pretrain", "orphan")
    controller.kill()
    controller.wait()
    assert about(job, "JobState") == "RUNNING"  # nobody told Slurm
    checkout.run(*checkout.command(["orphan"], "--unlock"))
    words = checkout.run(*command)
    assert re.findall(r"^(?:local)?rule (\w+):$", words, re.M) == ["pretrain", "pretrain_all"]
    assert about(job, "JobState") in ("CANCELLED", "COMPLETED")
    as_calm(checkout, "orphan")
    assert "Nothing to be done" in checkout.run(*command)


# ------------------------------------------------------------------------- group sizes


def test_two_processes_on_each_of_two_nodes(checkout: Checkout, disturbed: dict[str, str]) -> None:
    labels = pd.read_csv(checkout.pretrain("four") / "labels.csv")
    assert labels["sample"].tolist() == list(range(16))
    words = checkout.logs("pretrain", "four")[-1].read_text()
    assert "starting 4 processes on 2 nodes" in words


def test_two_processes_of_one_node_train_what_those_of_two_train(
    checkout: Checkout, disturbed: dict[str, str]
) -> None:
    assert about(checkout.job("pretrain", "near"), "NumNodes") == "1"
    as_calm(checkout, "near")


def test_two_nodes_train_what_one_process_trains(
    checkout: Checkout, disturbed: dict[str, str]
) -> None:
    """The same clips in a step: but for rounding, the same losses, labels and weights."""
    for run, size in (("one", "1 processes on 1 nodes"), ("two", "2 processes on 2 nodes")):
        assert f"starting {size}" in checkout.logs("pretrain", run)[-1].read_text()
    same_but_for_rounding(checkout.pretrain("one"), checkout.pretrain("two"))


def test_fewer_processes_than_asked_for_is_an_error(cluster: Cluster, tmp_path: Path) -> None:
    launch = [sys.executable, "-m", "selavi", "launch", "--threads", "1"]
    pretrain = ["--", "pretrain", "--settings", "x", "--index", "y", "--output", "z"]
    uneven = subprocess.run(
        ["srun", "-N2", "-n1", *launch, "--nodes", "2", "--processes", "3", *pretrain],
        env=ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert uneven.returncode != 0
    assert "3 processes cannot be spread evenly over 2 nodes" in uneven.stderr
    script = tmp_path / "job.sh"
    words = " ".join([*launch, "--nodes", "2", "--processes", "2", *pretrain])
    script.write_text(f"#!/bin/sh\n{words}\n")
    log = tmp_path / "job.log"
    code = subprocess.run(
        ["sbatch", "--wait", "-N1", "-n1", "-o", str(log), str(script)],
        env=ENVIRONMENT, stdout=subprocess.DEVNULL, check=False,
    ).returncode  # fmt: skip
    assert code != 0
    assert "asked for 2" in log.read_text()


def test_resources_that_lost_the_profile_are_refused(checkout: Checkout) -> None:
    """--set-resources on the command line replaces all that the profile says of any rule."""
    options = ("--set-resources", "pretrain:runtime=9", "--", "pretrain_all")
    command = checkout.command(["unsaid"], *options)
    done = subprocess.run(
        command, cwd=checkout.folder, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "replaces all that the profile says" in done.stdout + done.stderr
