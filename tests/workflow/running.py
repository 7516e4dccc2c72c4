"""Run the real Snakemake on a copy of what it needs of the repository."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
ENVIRONMENT = os.environ | {
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "OMP_NUM_THREADS": "1",
}
TINY = {
    "datasets": {
        "demo": {
            "embedded": {"classes": 5, "train_per_class": 6, "test_per_class": 2},
            "splits": {"train": {"shards": 2}, "test": {"shards": 1}},
        }
    },
    "defaults": {
        "network": {"clusters": 5, "heads": 2, "hidden": 16},
        "labelling": {"optimisations": 4},
        "training": {"epochs": 2, "batch_size": 5},
    },
    "machine": {"workers": 0, "threads": 1, "precision": "float32"},
    "explorer": {"clips_per_cluster": 2},
    "degrade": {
        "runs": ["demo"],
        "video": [{"short_side": 16, "crf": 40}],
        "audio": [{"kbps": 12}, {"kbps": 12, "snr_db": -3.0}],
    },
    "retrieval": {
        "runs": ["demo"], "datasets": {"demo": [0]}, "frames": 6, "clips": 2, "pictures": 2,
    },
    "finetune": {
        "runs": ["demo"], "datasets": {"demo": [0]}, "frames": 6, "clips": 2,
        "epochs": 2, "batch_size": 5, "crop": 32, "scale_min": 32, "scale_max": 40,
    },
}  # fmt: skip
OVERLAY = ("--configfile", "config/demo.yaml", "tiny.yaml")
"""What lays TINY over the demo's configuration."""


def copy_workflow(folder: Path) -> Path:
    """Put there what Snakemake needs of the repository; the folder."""
    for name in ("workflow", "config", "profiles"):
        shutil.copytree(REPOSITORY / name, folder / name)
    shutil.copy(REPOSITORY / "Snakefile", folder)
    return folder


def snakemake(folder: Path, *arguments: str, code: int = 0) -> str:
    """What it says; its exit status has to be `code`."""
    done = subprocess.run(
        ["snakemake", "--profile", "profiles/local", "--cores", "2", *arguments],
        cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    output = done.stdout + done.stderr
    assert done.returncode == code, output
    return output


def selavi_run(
    folder: Path, *arguments: str, code: int = 0, python: str | Path = sys.executable
) -> str:
    """What `selavi run`, of an environment whose Python is `python`, says where nobody looks on."""
    done = subprocess.run(
        [python, "-m", "selavi", "run", "--cores", "2", *arguments],
        cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    output = done.stdout + done.stderr
    assert done.returncode == code, output
    return output


def rules_run(output: str) -> list[str]:
    """Names of the rules that were run, or planned, a job each."""
    return re.findall(r"^(?:local)?rule (\w+):$", output, re.MULTILINE)
