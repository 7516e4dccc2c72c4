"""Groups of real processes on this machine: sizes, signals, deaths."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from torch.distributed import DistBackendError

from selavi.cluster.failures import last_lines
from selavi.cluster.launch import group_size
from selavi.cluster.restarts import require_progress
from selavi.engine.process_group import why_not_formed
from selavi.files import UserError

# Joins the group as training does, says who it is, then does what its argument says.
MEMBER = """
import os, signal, sys, time
from pathlib import Path
from selavi.engine.process_group import process_group
from selavi.engine.stop import stop_on_signals
folder, deed = Path(sys.argv[1]), sys.argv[2]
if deed == "dawdle":
    (folder / f"{os.environ['RANK']}-of-2").write_text(str(os.getpid()))
    time.sleep(600)
with stop_on_signals() as stop, process_group() as group:
    (folder / f"{group.rank}-of-{group.world}").write_text(str(os.getpid()))
    if deed == "fail" and group.rank == 1:
        sys.exit(3)
    while deed in ("wait", "stop"):
        if group.any(stop.requested):
            os._exit(75)
        time.sleep(0.05)
"""
LAUNCH = """
import sys
from selavi.cluster import launch
from selavi.engine.stop import handled_by
launch.GRACE_SECONDS = 3.0
store, environment = launch._rendezvous(2, 1)
ranks = [environment | {"RANK": str(r), "LOCAL_RANK": str(r)} for r in range(2)]
asked = []
with handled_by(lambda number, _: asked.append(number)):
    sys.exit(launch._run([([sys.executable, *sys.argv[1:]], e) for e in ranks], asked))
"""


def start(folder: Path, deed: str) -> "subprocess.Popen[str]":
    (folder / "member.py").write_text(MEMBER)
    command = [sys.executable, "-c", LAUNCH, str(folder / "member.py"), str(folder), deed]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def wait_until_both(process: "subprocess.Popen[str]", folder: Path) -> list[int]:
    names = [folder / f"{rank}-of-2" for rank in range(2)]
    while not all(n.exists() and n.read_text() for n in names):
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.05)
    return [int(n.read_text()) for n in names]


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.slow
def test_all_come_together(tmp_path: Path) -> None:
    process = start(tmp_path, "leave")
    assert process.wait(60) == 0, process.communicate()[1]
    assert {p.name for p in tmp_path.glob("*-of-*")} == {"0-of-2", "1-of-2"}


@pytest.mark.slow
def test_one_that_fails_ends_the_group(tmp_path: Path) -> None:
    process = start(tmp_path, "fail")
    assert process.wait(60) in (3, 1)  # its own, or that of the one that missed it


@pytest.mark.slow
def test_a_killed_one_ends_the_group(tmp_path: Path) -> None:
    process = start(tmp_path, "wait")
    pids = wait_until_both(process, tmp_path)
    os.kill(pids[1], signal.SIGKILL)
    assert process.wait(60) != 0
    assert all(map(gone, pids))


@pytest.mark.slow
@pytest.mark.parametrize("deed", ["stop", "dawdle"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1, signal.SIGINT, signal.SIGHUP])
def test_signals_reach_all_and_75_comes_back(
    tmp_path: Path, number: signal.Signals, deed: str
) -> None:
    """Those that dawdle are not ready yet: it ends them. They had learnt nothing to save."""
    process = start(tmp_path, deed)
    wait_until_both(process, tmp_path)
    process.send_signal(number)
    assert process.wait(60) == 75


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1, signal.SIGINT, signal.SIGHUP])
def test_signals_before_there_are_processes(number: signal.Signals) -> None:
    """The launcher waits for a Slurm that does not answer."""
    launcher = subprocess.Popen(
        [sys.executable, "-m", "selavi", "launch", "--processes", "1", "--", "pretrain"],
        env=os.environ | {"SLURM_JOB_ID": "7", "PATH": ""}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert launcher.stderr
    assert "squeue does not answer" in launcher.stderr.readline()
    launcher.send_signal(number)
    assert "asked to stop before the processes were started" in launcher.stderr.read()
    assert launcher.wait(60) == 75


@pytest.mark.slow
def test_a_killed_launcher_takes_its_group_with_it(tmp_path: Path) -> None:
    process = start(tmp_path, "stop")
    pids = wait_until_both(process, tmp_path)
    process.kill()
    process.wait()
    deadline = time.monotonic() + 60
    while not all(map(gone, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert all(map(gone, pids))


def test_processes_that_srun_started_alone_are_refused() -> None:
    words = "from selavi.engine.process_group import process_group\nwith process_group(): pass"
    environment = {k: v for k, v in os.environ.items() if k != "WORLD_SIZE"}
    done = subprocess.run(
        [sys.executable, "-c", words], env=environment | {"SLURM_STEP_NUM_TASKS": "4"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "srun started 4 processes for a group of 1" in done.stderr


def test_a_process_that_waits_for_another_times_out() -> None:
    words = (
        "import selavi.engine.process_group as module\nmodule.LIMIT_SECONDS = 3.0\n"
        "with module.process_group(): pass"
    )
    environment = {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "0"}
    done = subprocess.run(
        [sys.executable, "-c", words], env=os.environ | environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "not all of the 2 processes joined within 0.05 minutes" in done.stderr


def test_why_processes_cannot_form_a_group() -> None:
    nccl = (
        "NCCL error in: NCCLUtils.cpp:94, invalid usage (run with NCCL_DEBUG=WARN for details)\n"
        "ncclInvalidUsage: This usually reflects invalid usage of NCCL library.\nLast error:\n"
    )
    twice = "Duplicate GPU detected : rank 1 and rank 0 both on CUDA device 1a000"
    said = why_not_formed(DistBackendError(nccl + twice), 2)
    assert said.startswith("two processes of a machine were given the same GPU; ask for as many")
    assert said.endswith(twice)
    said = why_not_formed(DistBackendError(nccl + "no such interface"), 2)
    assert "minutes" not in said and said.endswith("no such interface")


def test_sizes_that_cannot_be() -> None:
    assert group_size(2, 8) == 8
    for nodes, processes in ((2, 3), (2, 1), (2, 0)):
        with pytest.raises(UserError, match="cannot be spread evenly"):
            group_size(nodes, processes)


def test_several_nodes_need_slurm() -> None:
    environment = {k: v for k, v in os.environ.items() if k != "SLURM_JOB_ID"}
    done = subprocess.run(
        [sys.executable, "-m", "selavi", "launch", "--nodes", "2", "--processes", "2", "--", "x"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "nodes need a Slurm job" in done.stderr


def test_starts_that_leave_no_newer_save_come_to_an_end(tmp_path: Path) -> None:
    state = tmp_path / "state"
    for restarts in range(3):
        require_progress(state, "7", restarts)
    with pytest.raises(UserError, match="restarted job 7 3 times without a new checkpoint"):
        require_progress(state, "7", 3)
    require_progress(state, "8", 0)  # another job, such as Snakemake's next attempt
    (state / "step-1").mkdir(parents=True)
    for restarts in (2, 3, 4):
        require_progress(state, "8", restarts)
    with pytest.raises(UserError, match="job 8"):
        require_progress(state, "8", 5)
    (state / "step-2").mkdir()
    os.utime(state / "step-2", (4e9, 4e9))
    for restarts in (5, 6, 7):
        require_progress(state, "8", restarts)
    (state / ".step-3.part").mkdir()  # not whole: no checkpoint
    (state / "diverged.json").touch()
    with pytest.raises(UserError, match="job 8"):
        require_progress(state, "8", 8)


def test_the_ends_of_logs_of_failed_jobs(tmp_path: Path) -> None:
    own, of_slurm, earlier = (tmp_path / name for name in ("own.log", "12.log", "11.log"))
    own.write_text("")
    of_slurm.write_text("\n".join(f"line {n}" for n in range(100)) + "\nbar 1%\rbar 2%\n")
    earlier.write_text("of an earlier attempt")
    snakemake = tmp_path / "snakemake.log"
    block = (
        "Error in rule pretrain:\n    jobid: 1\n"
        "    log: {}, {} (check log file(s) for error details)\n"
    )
    snakemake.write_text(block.format(own, earlier) + "...\n" + block.format(own, of_slurm))
    words = last_lines([str(snakemake)])
    assert words.count("rule pretrain failed:") == 1
    assert "(empty)" in words and "earlier" not in words
    assert "| line 99" in words and "| bar 2%" in words and "line 80" not in words
