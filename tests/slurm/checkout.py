"""A checkout for the test's Slurm: the real profile, with small numbers laid over it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from tests.slurm.cluster import wait_for

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
        "training": {
            "epochs": 16, "batch_size": 2, "workers": 0, "precision": "float32",
            "checkpoint_minutes": 0.0, "collapse": 1.0,
        },
    },
    "explorer": {"clips_per_cluster": 2},
}  # fmt: skip


def profile() -> dict[str, Any]:
    """The profile as users have it."""
    text = (REPOSITORY / "profiles/slurm/config.yaml").read_text()
    content: dict[str, Any] = yaml.safe_load(text)
    return content


def small(nodes: int, tasks: int, gpus: int) -> dict[str, Any]:
    """Keys to lay over the profile: a node has four CPUs, 16 GB and two pretended GPUs."""
    real = profile()
    resources = real["set-resources"]
    for of_rule in resources.values():
        of_rule["mem_mb"] = 2500
        del of_rule["gres"]
    resources["pretrain"] |= {"nodes": nodes, "tasks": tasks}
    if gpus:
        resources["pretrain"]["gres"] = f"gpu:{gpus}"
    return {
        "default-resources": {"runtime": 5, "mem_mb": 1000},
        "set-resources": resources,
        "set-threads": dict.fromkeys(real["set-threads"], 1) | {"demo_data": 2},
        "group-components": {"shards": 2, "fetches": 2},
        "latency-wait": 10,
        "slurm-init-seconds-before-status-checks": 5,
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
        self, runs: list[str], *arguments: str, nodes: int = 2, tasks: int = 2, gpus: int = 0
    ) -> list[str]:
        """`snakemake --profile slurm` on the demo, cut small, with runs that are all alike."""
        over = self.folder / f"over-{nodes}-{tasks}-{gpus}"
        over.mkdir(exist_ok=True)
        (over / "config.yaml").write_text(yaml.safe_dump(small(nodes, tasks, gpus)))
        config = CONFIG | {"runs": {name: {"dataset": "demo"} for name in runs}}
        path = self.folder / f"config-{'-'.join(runs)}.yaml"
        path.write_text(yaml.safe_dump(config))
        return [
            "snakemake", "--profile", "slurm", "--workflow-profile", over.name,
            "--configfile", "config/base.yaml", path.name, *arguments,
        ]  # fmt: skip

    def start(self, *command: str) -> "subprocess.Popen[bytes]":
        with (self.folder / "controller.log").open("wb") as file:
            return subprocess.Popen(
                command, cwd=self.folder, env=ENVIRONMENT, stdout=file, stderr=file
            )

    @contextmanager
    def ending(self, controller: "subprocess.Popen[bytes]") -> Iterator[None]:
        """Wait for Snakemake after the block; its end must be a good one."""
        try:
            yield
            code = controller.wait(480)
        finally:
            if controller.poll() is None:
                controller.terminate()
        assert code == 0, (self.folder / "controller.log").read_text()

    def run(self, *command: str) -> str:
        """Run to a good end; return what was printed."""
        with self.ending(self.start(*command)):
            pass
        return (self.folder / "controller.log").read_text()

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

    def labels(self, run: str) -> pd.DataFrame:
        return pd.read_csv(self.pretrain(run) / "labels.csv")
