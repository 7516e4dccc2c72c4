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
import torch
import yaml

from selavi.models.checkpoint import load_model
from tests.slurm.checkout import ENVIRONMENT, Checkout, profile, small
from tests.slurm.cluster import Cluster, out, wait_for


def job_of(checkout: Checkout, run: str) -> str:
    """Number of the Slurm job that trains a run; the newest, if there were several."""
    logs = (checkout.folder / f".snakemake/slurm_logs/rule_pretrain/{run}").glob("*.log")
    return max((path.stem for path in logs), key=int)


def slurm_log(checkout: Checkout, run: str, job: str) -> str:
    folder = checkout.folder / f".snakemake/slurm_logs/rule_pretrain/{run}"
    return (folder / f"{job}.log").read_text()


def about(job: str, key: str) -> str:
    found = re.search(rf"\b{key}=(\S+)", out("scontrol", "show", "job", job))
    return found[1] if found else ""


def ranks(run: str) -> list[int]:
    """Process ids of the training processes of a run, not of their launcher."""
    pattern = rf"^[^ ]*python[^ ]* -m selavi pretrain .*pretrain/{run} "
    return [int(pid) for pid in out("pgrep", "-f", pattern).split()]


def same_result(checkout: Checkout, run: str, other: str) -> None:
    """Same labels and weights, bit for bit."""
    pd.testing.assert_frame_equal(checkout.labels(run), checkout.labels(other))
    one, two = (load_model(checkout.pretrain(n) / "model.pt")[0].state_dict() for n in (run, other))
    assert all(torch.equal(value, two[name]) for name, value in one.items())


# ------------------------------------------------------------------------- undisturbed


def test_the_whole_workflow_runs(finished: Checkout) -> None:
    results = finished.folder / "results"
    assert len(pd.read_csv(results / "assign/calm/train.csv")) == 16
    assert pd.read_csv(results / "tables/clustering.csv")["nmi"].between(0, 1).all()
    assert (results / "explorer/calm/index.html").exists()
    costs = pd.read_csv(results / "tables/costs.csv").set_index("stage")
    assert costs.loc["shard", "jobs"] == 5
    assert {"demo-data", "pretrain", "assign", "baselines", "explorer"} <= set(costs.index)
    assert (costs["memory_mb"] > 0).all()


def test_training_ran_on_both_nodes(finished: Checkout) -> None:
    job = job_of(finished, "calm")
    assert about(job, "NodeList") == "node[1-2]"
    assert about(job, "JobState") == "COMPLETED"
    assert "starting 2 processes on 2 nodes" in slurm_log(finished, "calm", job)


def test_shards_share_jobs_and_a_failed_one_is_made_alone(finished: Checkout) -> None:
    jobs = list((finished.folder / ".snakemake/slurm_logs").glob("group_shards*/**/*.log"))
    assert len(jobs) == 4  # five shards two by two, and the retry
    shards = finished.folder / "logs/shard/demo/train"
    logs = {n: (shards / f"{n:05d}.log").read_text() for n in range(4)}
    again = [n for n, words in logs.items() if re.search(r", [1-9]\d* as before", words)]
    assert len(again) <= 1 and 2 not in again  # its neighbour was taken over, nothing else redone
    whole = pd.read_csv(finished.folder / "results/shards/demo/train/index.csv")
    assert len(whole) == 16


# ------------------------------------------------------------------------- disturbed


@pytest.fixture(scope="module")
def disturbed(checkout: Checkout) -> dict[str, str]:
    """Four runs at once, three of them disturbed in mid-epoch; the job that each began with."""
    runs = ["calm", "asked", "killed", "cancelled"]
    jobs = {}
    with checkout.ending(checkout.start(*checkout.command(runs, "--", "pretrain_all"))):
        for run in runs[1:]:
            checkout.wait_until_mid_epoch(run)
            jobs[run] = job_of(checkout, run)
            if run == "asked":  # as Slurm does when the time is nearly up
                subprocess.run(["scancel", "--signal=USR1", jobs[run]], check=True)
            elif run == "killed":
                os.kill(ranks(run)[-1], signal.SIGKILL)
            else:
                subprocess.run(["scancel", jobs[run]], check=True)
    return jobs


def test_usr1_saves_and_the_same_job_goes_on(checkout: Checkout, disturbed: dict[str, str]) -> None:
    assert job_of(checkout, "asked") == disturbed["asked"]
    assert about(disturbed["asked"], "Restarts") == "1"
    words = slurm_log(checkout, "asked", disturbed["asked"])
    assert "goes on from the saved state" in words
    assert "going on from epoch" in (checkout.folder / "logs/pretrain/asked.log").read_text()
    same_result(checkout, "asked", "calm")


def test_a_killed_rank_takes_the_group_with_it_and_the_retry_goes_on(
    checkout: Checkout, disturbed: dict[str, str]
) -> None:
    assert about(disturbed["killed"], "JobState") == "FAILED"
    assert job_of(checkout, "killed") != disturbed["killed"]
    assert "going on from epoch" in (checkout.folder / "logs/pretrain/killed.log").read_text()
    same_result(checkout, "killed", "calm")


def test_a_cancelled_job_is_not_revived_and_the_retry_goes_on(
    checkout: Checkout, disturbed: dict[str, str]
) -> None:
    assert about(disturbed["cancelled"], "JobState") == "CANCELLED"
    assert about(disturbed["cancelled"], "Restarts") == "0"
    assert job_of(checkout, "cancelled") != disturbed["cancelled"]
    same_result(checkout, "cancelled", "calm")


def test_a_lost_node_a_lost_slurm_controller_and_a_preemption(
    cluster: Cluster, checkout: Checkout, disturbed: dict[str, str]
) -> None:
    command = checkout.command(["lost"], "--", "pretrain_all")
    with checkout.ending(checkout.start(*command)):
        checkout.wait_until_mid_epoch("lost")
        job = job_of(checkout, "lost")
        before = ranks("lost")
        assert len(before) == 2
        down = ["scontrol", "update", "nodename=node2", "state=down", "reason=test"]
        subprocess.run(down, check=True)
        wait_for(lambda: not set(before) & set(ranks("lost")), 60, "the end of both ranks")
        at = checkout.steps("lost")
        subprocess.run(["scontrol", "update", "nodename=node2", "state=resume"], check=True)
        wait_for(lambda: checkout.steps("lost") > at + 4, 120, "training to go on")
        cluster.kill_controller()
        cluster.start_controller()
        urgent = subprocess.run(
            ["sbatch", "--parsable", "-p", "urgent", "-N2", "-n8", "--mem=15000", "-o", "/dev/null",
             "--wrap", "sleep 1"], capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
    assert about(urgent, "JobState") == "COMPLETED"
    assert job_of(checkout, "lost") == job
    assert about(job, "Restarts") == "2"
    same_result(checkout, "lost", "calm")


def test_the_same_command_after_snakemake_itself_was_killed(
    checkout: Checkout, disturbed: dict[str, str]
) -> None:
    command = checkout.command(["orphan"], "--", "pretrain_all")
    controller = checkout.start(*command)
    checkout.wait_until_mid_epoch("orphan")
    job = job_of(checkout, "orphan")
    controller.kill()
    controller.wait()
    assert about(job, "JobState") == "RUNNING"  # nobody told Slurm
    checkout.run(*checkout.command(["orphan"], "--unlock"))
    words = checkout.run(*command)
    assert re.findall(r"^(?:local)?rule (\w+):$", words, re.M) == ["pretrain", "pretrain_all"]
    assert about(job, "JobState") in ("CANCELLED", "COMPLETED")
    same_result(checkout, "orphan", "calm")
    assert "Nothing to be done" in checkout.run(*command)


# ------------------------------------------------------------------------- group sizes


def test_two_processes_on_each_of_two_nodes(checkout: Checkout, disturbed: dict[str, str]) -> None:
    checkout.run(*checkout.command(["four"], "--", "pretrain_all", tasks=4))
    labels = checkout.labels("four")
    assert labels["sample"].tolist() == list(range(16))
    job = job_of(checkout, "four")
    assert "starting 4 processes on 2 nodes" in slurm_log(checkout, "four", job)


def test_two_nodes_train_what_one_node_trains(
    checkout: Checkout, disturbed: dict[str, str]
) -> None:
    """The same number of processes, placed otherwise."""
    checkout.run(*checkout.command(["near"], "--", "pretrain_all", nodes=1))
    assert about(job_of(checkout, "near"), "NumNodes") == "1"
    same_result(checkout, "near", "calm")


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


# ------------------------------------------------------------------------- doctor


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
    fitting = profile() | small(2, 2, 0) | {"configfile": "config/demo.yaml"}
    (checkout.folder / "fitting").mkdir()
    path = checkout.folder / "fitting/config.yaml"
    path.write_text(yaml.safe_dump(fitting))
    code, words = doctor(checkout, "fitting")
    assert code == 0, words
    assert "is the same on a node" in words
    assert "nothing stands in the way" in words
    fitting["set-resources"]["pretrain"]["runtime"] = 10_000
    path.write_text(yaml.safe_dump(fitting))
    code, words = doctor(checkout, "fitting")
    assert code == 1
    assert "its partition allows 2880: lower it" in words
