"""A checkout for the test's Slurm: the real profile, with small numbers laid over it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml

from tests.slurm.cluster import out, wait_for
from tests.training.runs import WORLDS

REPOSITORY = Path(__file__).parents[2]
ENVIRONMENT = os.environ | {
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "PYTHONPATH": str(REPOSITORY),
}
# 16 training clips and 4 a step of two processes: four steps an epoch, the state saved at each.
CONFIG = {
    "datasets": {
        "demo": {
            "embedded": {"classes": 4, "train_per_class": 4, "test_per_class": 1},
            "splits": {"train": {"shards": 4}, "test": {"shards": 1}},
        }
    },
    "defaults": {
        "network": {"clusters": 4, "heads": 2, "hidden": 16},
        "labelling": {"optimisations": 8, "max_iterations": 50},
        "training": {"epochs": 16, "batch_size": 2, "collapse": 1.0},
    },
    "machine": {"workers": 0, "threads": 1, "precision": "float32", "checkpoint_minutes": 0.0},
    "explorer": {"clips_per_cluster": 2},
    "finetune": {
        "runs": ["calm"], "datasets": {"demo": [0]}, "epochs": 6, "batch_size": 4, "frames": 6,
        "clips": 2, "crop": 32, "scale_min": 32, "scale_max": 40, "base_lr": 1e-5, "head_lr": 1e-3,
        "machine": {"workers": 1},
    },
}  # fmt: skip

# Runs that are not all alike: one process and two that share all clips of a step.
WHOLE_STEPS = {
    name: WORLDS | {"dataset": "demo", "training": WORLDS["training"] | {"batch_size": 16 // tasks}}
    for name, tasks in (("one", 1), ("two", 2))
}
SIZES = {"near": (1, 2), "four": (2, 4), "one": (1, 1)}  # nodes and processes; else 2 and 2


def profile() -> dict[str, Any]:
    """The profile as users have it."""
    text = (REPOSITORY / "profiles/slurm/config.yaml").read_text()
    content: dict[str, Any] = yaml.safe_load(text)
    return content


def small(gpus: int, sizes: dict[str, tuple[int, int]]) -> dict[str, Any]:
    """Keys to lay over the profile: a node has two pretended GPUs. sizes : of runs, see `SIZES`."""
    real = profile()
    resources = real["set-resources"]
    for of_rule in resources.values():
        of_rule["mem_mb"] = 2500
        del of_rule["gres"]
    for name in ("pretrain", "finetune"):
        resources[name] |= {"nodes": 2, "tasks": 2}
        if gpus:
            resources[name]["gres"] = f"gpu:{gpus}"
    if sizes:
        resources["pretrain"] |= {
            "nodes": f"{ {run: n for run, (n, _) in sizes.items()} }.get(wildcards.run, 2)",
            "tasks": f"{ {run: n for run, (_, n) in sizes.items()} }.get(wildcards.run, 2)",
            "mpi": "'' if wildcards.run == 'one' else 'srun'",
        }
    return {
        "default-resources": {"runtime": 5, "mem_mb": 1000},
        "set-resources": resources,
        "set-threads": dict.fromkeys(real["set-threads"], 1) | {"demo_data": 2},
        "group-components": {"shards": 2, "imports": 2},
        "latency-wait": 10,
        "slurm-init-seconds-before-status-checks": 2,
        "slurm-keep-successful-logs": True,
    }


class Checkout:
    """A folder with the workflow in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("workflow", "config", "profiles"):
            shutil.copytree(REPOSITORY / name, folder / name)
        shutil.copy(REPOSITORY / "Snakefile", folder)
        (folder / "slurm").symlink_to("profiles/slurm")
        base = yaml.safe_load((REPOSITORY / "config/demo.yaml").read_text()) | {"runs": {}}
        (folder / "config/base.yaml").write_text(yaml.safe_dump(base))

    def command(
        self, runs: list[str], *arguments: str, gpus: int = 0, patient: bool = False
    ) -> list[str]:
        """`snakemake --profile slurm` on the demo, cut small; runs are alike but WHOLE_STEPS.

        patient : the very command; otherwise, see `tests.slurm.impatient`.
        """
        over = self.folder / f"over-{gpus}"
        over.mkdir(exist_ok=True)
        (over / "config.yaml").write_text(yaml.safe_dump(small(gpus, SIZES)))
        settings = {name: WHOLE_STEPS.get(name, {"dataset": "demo"}) for name in ["calm", *runs]}
        config = CONFIG | {"runs": settings}
        path = self.folder / f"config-{'-'.join(runs)}.yaml"
        path.write_text(yaml.safe_dump(config))
        return [
            *(["snakemake"] if patient else [sys.executable, "-m", "tests.slurm.impatient"]),
            "--profile", "slurm", "--workflow-profile", over.name,
            "--configfile", "config/base.yaml", path.name, *arguments,
        ]  # fmt: skip

    def start(self, *command: str) -> "subprocess.Popen[bytes]":
        with (self.folder / "controller.log").open("wb") as file:
            return subprocess.Popen(
                command, cwd=self.folder, env=ENVIRONMENT, stdout=file, stderr=file
            )

    @contextmanager
    def ending(self, controller: "subprocess.Popen[bytes]") -> Iterator[None]:
        """Wait for Snakemake after the block; it must succeed."""
        try:
            yield
            code = controller.wait(480)
        except (subprocess.TimeoutExpired, TimeoutError) as error:
            error.add_note(self.state())
            raise
        finally:
            if controller.poll() is None:
                controller.terminate()
                with suppress(subprocess.TimeoutExpired):
                    controller.wait(60)
                controller.kill()
                controller.wait()
        assert code == 0, self.state()

    def state(self) -> str:
        """What Slurm, Snakemake and the newest jobs say, for the message of a failed test."""
        commands = "squeue", "sinfo -N -l", "sinfo -R", "scontrol show job", "scontrol show config"
        parts = {command: out(*command.split())[-4000:] for command in commands}
        config = parts.pop("scontrol show config")
        daemon = [Path(path) for path in re.findall(r"SlurmctldLogFile\s*= (\S+)", config)]
        jobs = sorted((self.folder / ".snakemake/slurm_logs").glob("*/**/*.log"), key=_time)[-2:]
        for path in (*daemon, self.folder / "controller.log", *jobs):
            parts[str(path)] = path.read_text(errors="replace")[-3000:]
        return "\n".join(f"--- {name}\n{text}" for name, text in parts.items())

    def run(self, *command: str) -> str:
        """Run to a good end; return what was printed."""
        with self.ending(self.start(*command)):
            pass
        return (self.folder / "controller.log").read_text()

    def processes(self, pattern: str) -> list[int]:
        """Those that work in this folder, by their command: others' may have the same."""
        found = []
        for pid in out("pgrep", "-f", pattern).split():
            with suppress(OSError):  # it has ended
                if Path(f"/proc/{pid}/cwd").readlink() == self.folder:
                    found.append(int(pid))
        return found

    def logs(self, rule: str, run: str = "*") -> list[Path]:
        """What Slurm's jobs of a rule and run printed, by the number of the job."""
        folder = self.folder / ".snakemake/slurm_logs"
        return sorted(folder.glob(f"rule_{rule}/{run}*/**/*.log"), key=lambda path: int(path.stem))

    def job(self, rule: str, run: str = "*") -> str:
        """Number of the newest of these jobs."""
        return self.logs(rule, run)[-1].stem

    def pretrain(self, run: str) -> Path:
        return self.folder / "results/pretrain" / run

    def steps(self, run: str) -> int:
        """Steps that the newest saved state has behind it: four clips each, four an epoch."""
        saves = (self.pretrain(run) / "state").glob("step-*")
        places = [[int(number) for number in path.name.split("-")[1:]] for path in saves]
        return max((4 * epoch + clips // 4 for epoch, clips in places), default=0)

    def wait_until_mid_epoch(self, run: str, least: int = 9) -> None:
        """Wait for a state that lies between two epochs' ends."""

        def reached() -> bool:
            steps = self.steps(run)
            return steps >= least and steps % 4 != 0

        wait_for(reached, 120, f"training of {run}")

    def submit_hopeless_job(self) -> str:
        """Submit a job that Slurm requeues whenever its training begins; return its number."""
        folder, shards = self.pretrain("hopeless"), "results/shards/demo/train"
        folder.mkdir(parents=True)
        (folder / "job.sh").write_text(f"""#!/bin/sh
(
    until [ "$(grep -c 'starting 1 processes' {folder}/job.log)" -gt "${{SLURM_RESTART_COUNT:-0}}" ]
    do sleep 0.2; done
    scontrol requeue "$SLURM_JOB_ID"
) &
exec {sys.executable} -m selavi launch --processes 1 --state {folder}/state -- pretrain \
    --settings results/settings/runs/calm.yaml --index {shards}/index.csv --output {folder}
""")
        return subprocess.run(
            ["sbatch", "--parsable", "--open-mode=append", "-o", folder / "job.log",
             folder / "job.sh"],
            cwd=self.folder, env=ENVIRONMENT, capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip


def _time(path: Path) -> float:
    return path.stat().st_mtime
