"""Check a Slurm cluster, and whether it accepts the jobs of a profile."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from selavi.cluster.slurm import answer
from selavi.preflight.checks import Finding

COMMANDS = ("sbatch", "srun", "squeue", "scontrol", "sinfo")
NODE_SECONDS = 180.0  # for a job of a minute to get its turn


def cluster() -> Iterator[Finding]:
    """Check Slurm's commands, its controller and its partitions."""
    missing = [name for name in COMMANDS if shutil.which(name) is None]
    if missing:
        words = f"no {', '.join(missing)} here: run this on the cluster's login node"
        yield Finding(False, "Slurm", words)
        return
    config = answer("scontrol", "show", "config")
    if config is None:
        words = "its controller does not answer: ask the administrators (`scontrol ping`)"
        yield Finding(False, "Slurm", words)
        return
    yield Finding(True, "Slurm", answer("sinfo", "--version") or "")
    rows = answer("sinfo", "--noheader", "--format=%P|%a|%D|%l|%c|%m|%G") or ""
    for name, up, nodes, limit, cpus, memory, gres in (r.split("|") for r in rows.splitlines()):
        words = f"{nodes} nodes of {cpus} CPUs, {memory} MB, {gres}; at most {limit}; {up}"
        yield Finding(up == "up" or None, f"partition {name}", words)
    if "*|" not in rows:
        words = "none: name one as slurm_partition in the profile's default-resources"
        yield Finding(None, "default partition", words)
    if re.search(r"AccountingStorageType\s*=\s*\S*none", config) and shutil.which("sacct"):
        words = (
            "off, though there is a sacct: if the controller is down for a while, Snakemake may "
            "lose track of its jobs; then stop it (Ctrl-C) and run the same command again"
        )
        yield Finding(None, "accounting", words)


def jobs(profile: dict[str, Any]) -> Iterator[Finding]:
    """Ask sbatch, without submitting, whether it would run each rule's job."""
    for rule, remedy, asked, threads in _requests(profile):
        done = subprocess.run(
            ["sbatch", "--test-only", *_options(asked, threads), "--wrap", "true"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        words = (done.stderr or done.stdout).strip().splitlines()[-1:] or [""]
        said = words[0].removeprefix("sbatch: ").removeprefix("allocation failure: ")
        said = re.sub(r"^error: |^Job \d+ ", "", said)
        problem = "" if done.returncode == 0 else f"{said}; {remedy}"
        problem = problem or _too_long(asked)
        size = " ".join(_options(asked, threads))
        yield Finding(not problem, f"job {rule}", problem or f"would run ({size})")


def _requests(profile: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any], int]]:
    """Name, remedy, resources and CPUs of each kind of job; a group's run side by side in one."""
    common, own, all_threads, groups, sizes = (
        profile.get(key) or {}
        for key in ("default-resources", "set-resources", "set-threads", "groups",
                    "group-components")
    )  # fmt: skip
    for rule, resources in ({"other rules": {}} | own).items():
        remedy = f"change the profile's resources of {rule}"
        yield rule, remedy, common | resources, all_threads.get(rule, 1)
    for rule, group in groups.items():
        asked, members = common | own.get(rule, {}), int(sizes.get(group, 1))
        if isinstance(asked.get("mem_mb"), int):
            asked["mem_mb"] *= members
        remedy = f"lower {group} of the profile's group-components"
        yield f"{members} x {rule}", remedy, asked, members * all_threads.get(rule, 1)


def _options(asked: dict[str, Any], threads: int) -> list[str]:
    names = {
        "slurm_partition": "partition", "slurm_account": "account", "nodes": "nodes",
        "tasks": "ntasks", "mem_mb": "mem", "gres": "gres", "runtime": "time", "qos": "qos",
        "constraint": "constraint",
    }  # fmt: skip
    options = [f"--{option}={asked[name]}" for name, option in names.items() if asked.get(name)]
    return [*options, f"--cpus-per-task={threads}", *shlex.split(asked.get("slurm_extra") or "")]


def _too_long(asked: dict[str, Any]) -> str:
    """Slurm accepts a job longer than its partition allows, and never starts it."""
    partition = [f"--partition={asked['slurm_partition']}"] if asked.get("slurm_partition") else []
    rows = (answer("sinfo", "--noheader", "--format=%P|%l", *partition) or "").splitlines()
    limits = [row.split("|")[1] for row in rows if partition or "*|" in row]
    limit = _minutes(limits[0]) if limits else None
    if limit is not None and isinstance(asked.get("runtime"), int) and asked["runtime"] > limit:
        return f"runtime = {asked['runtime']} minutes, but its partition allows {limit:g}: lower it"
    return ""


def _minutes(limit: str) -> float | None:
    """Slurm's days-hours:minutes:seconds, in minutes; None for no limit."""
    match = re.fullmatch(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)", limit)
    if not match:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return days * 1440 + hours * 60 + minutes + seconds / 60


def node(profile: dict[str, Any]) -> Iterator[Finding]:
    """Check that a node sees this folder and its GPUs, and starts selavi."""
    asked = (profile.get("default-resources") or {}) | (
        (profile.get("set-resources") or {}).get("pretrain") or {}
    )
    token = uuid.uuid4().hex
    here, there = (Path(f".selavi-doctor-{token}-{way}") for way in ("here", "there"))
    one = {
        n: asked.get(n) for n in ("slurm_partition", "slurm_account", "qos", "constraint", "gres")
    }
    code = (
        f"import pathlib, torch; print(pathlib.Path({str(here)!r}).read_text(), "
        f"torch.cuda.device_count()); pathlib.Path({str(there)!r}).write_text('back'); "
        "import selavi.cli"
    )
    command = [
        "srun", "--nodes=1", "--ntasks=1", "--time=5", "--immediate=60", "--quiet",
        *_options(one, 1), sys.executable, "-c", code,
    ]  # fmt: skip
    try:
        here.write_text(token)
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=NODE_SECONDS, check=False,
            env=os.environ,
        )  # fmt: skip
        came_back = there.exists()
    except subprocess.TimeoutExpired:
        yield Finding(None, "a node", "none was free for a job of a minute; try again later")
        return
    finally:
        here.unlink(missing_ok=True)
        there.unlink(missing_ok=True)
    last = (done.stderr.strip().splitlines() or ["no message"])[-1]
    if done.returncode != 0 and "FileNotFoundError" in done.stderr:
        words = f"{Path.cwd()} is not the same folder on the nodes: move to a shared file system"
        yield Finding(False, "shared folder", words)
    elif done.returncode != 0 and re.search("Immediate|Unable to allocate", done.stderr):
        yield Finding(None, "a node", f"none was free within a minute ({last}); try again later")
    elif done.returncode != 0:
        yield Finding(False, "a node", f"{sys.executable} fails there: {last}")
    else:
        yield Finding(came_back, "shared folder", f"{Path.cwd()} is the same on a node")
        gpus, wanted = int(done.stdout.split()[1]), _gpus(str(asked.get("gres") or ""))
        words = f"{gpus} seen on a node of rule pretrain, {wanted} asked for"
        remedy = "; compare the profile's gres with `sinfo -o %G`, and torch with the node's driver"
        yield Finding(gpus == wanted, "GPUs there", words + ("" if gpus == wanted else remedy))


def _gpus(gres: str) -> int:
    """Gpu:4 or gpu:a100:4 -> 4."""
    match = re.search(r"gpu(?::[^:,]+)?(?::(\d+))", gres)
    return int(match[1]) if match else int("gpu" in gres)
