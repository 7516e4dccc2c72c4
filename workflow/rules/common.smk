# The checked settings, and which files each stage makes for them.
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from selavi import config_file
from selavi.cluster.failures import last_lines
from selavi.formulas import RAW
from selavi.settings import (
    Config,
    ResolvedConfig,
    fold_splits,
    parent_of,
    without_removed,
)
from snakemake.exceptions import WorkflowError
from snakemake.utils import validate

try:
    for path in workflow.configfiles:
        config_file.read_yaml(
            Path(path)
        )  # Snakemake takes the last of keys given twice
    SETTINGS = config_file.parse(config, Config, "configuration")
except ValueError as error:
    raise WorkflowError(str(error)) from None
validate(without_removed(config), "../schemas/config.schema.json", set_default=False)

# `selavi run` says so where jobs are to run; Snakemake does not tell so early.
TAKES_IN_NEW = "SELAVI_RUN_PIPE" in os.environ

# Jobs inherit it, also those of a cluster, which read this file again.
os.environ[RAW] = "1" if SETTINGS.raw_csv else ""

DATASETS, RUNS = SETTINGS.datasets, SETTINGS.runs


SPLITS = {
    f"{name}/{split}": source
    for name, dataset in DATASETS.items()
    for split, source in dataset.splits.items()
}
SUBSETS = [place for place, source in SPLITS.items() if source.of]
IMPORTED = [place for place, source in SPLITS.items() if source.tars]
SHARDED = [place for place in SPLITS if place not in SUBSETS + IMPORTED]


def owner(dataset, split):
    """The split whose shards hold a split's clips, as dataset/split: itself, or its parent."""
    parent = parent_of(dataset, DATASETS[dataset].splits[split])
    return "/".join(parent or (dataset, split))


include: "sources.smk"


def shard_files(dataset, split, suffix):
    place = owner(dataset, split)
    return [
        f"results/shards/{place}/{n:05d}.{suffix}"
        for n in range(SPLITS[place].shard_count)
    ]


def each_split(pattern):
    return [
        pattern.format(dataset=d, split=s) for d in DATASETS for s in DATASETS[d].splits
    ]


def each_run(pattern):
    return [pattern.format(run=run) for run in RUNS]


def each_run_split(pattern, labelled=False, runs=None):
    """The pattern for every run, or those named, and every split of its dataset; only those with
    classes if asked."""
    return [
        pattern.format(run=name, split=split)
        for name, run in RUNS.items()
        for split in DATASETS[run.dataset].splits
        if runs is None or name in runs
        if not labelled or is_labelled(run.dataset, split)
    ]


# What the tables go by; every target makes it, so that they know what was asked for.
CONFIG = "results/settings/config.yaml"


def config_text():
    """The configuration with all defaults, and which splits have classes."""
    labelled = {
        name: [split for split in DATASETS[name].splits if is_labelled(name, split)]
        for name in dict.fromkeys(run.dataset for run in RUNS.values())
    }
    resolved = SETTINGS.model_dump() | {"labelled": labelled}
    return config_file.section_text(ResolvedConfig.model_validate(resolved))


LEVELS = {
    level.name: level for level in (*SETTINGS.degrade.video, *SETTINGS.degrade.audio)
}


def run_levels(run):
    """Levels of the modalities that a run looks at or listens to."""
    return [n for n in LEVELS if n.split("-")[0] in RUNS[run].modalities]


def degraded(pattern, runs=None):
    """The pattern for every degraded run, its dataset and split, and every level."""
    return [
        pattern.format(
            run=run,
            dataset=RUNS[run].dataset,
            split=SETTINGS.degrade.split,
            level=level,
        )
        for run in runs or SETTINGS.degrade.runs
        for level in run_levels(run)
    ]


def each_fold(stage, pattern):
    """The pattern for every run, dataset and fold of retrieval or finetuning."""
    section = getattr(SETTINGS, stage)
    return [
        pattern.format(run=run, dataset=dataset, fold=fold)
        for run in section.runs
        for dataset, folds in section.datasets.items()
        for fold in folds
    ]


STAGES = {
    "manifest": [f"results/manifest/{place}.csv" for place in SHARDED],
    "shard": [
        f
        for place in SHARDED + IMPORTED
        for f in shard_files(*Path(place).parts, "tar")
    ],
    "index": each_split("results/shards/{dataset}/{split}/index.csv"),
    "pretrain": each_run("results/pretrain/{run}/model.pt"),
    "assign": each_run_split("results/assign/{run}/{split}.csv"),
    "export": each_run_split("results/export/{run}/{split}.pt"),
    "metrics": each_run_split("results/metrics/{run}/{split}.csv", labelled=True),
    "baselines": each_run_split(
        "results/baselines/{run}/{split}.csv",
        labelled=True,
        runs=SETTINGS.baselines.runs,
    ),
    "degrade": sorted(set(degraded("results/degrade/{dataset}/{split}/{level}.csv"))),
    "evaluate_degraded": [
        f"results/evaluate-degraded/{run}.csv" for run in SETTINGS.degrade.runs
    ],
    "retrieval": each_fold("retrieval", "results/retrieval/{run}/{dataset}/{fold}.csv"),
    "finetune": each_fold("finetune", "results/finetune/{run}/{dataset}/{fold}.csv"),
    "figures": each_run("results/figures/{run}/training.svg"),
    "distributions": each_run("results/distributions/{run}.csv"),
    "neighbours": each_fold(
        "retrieval", "results/figures/{run}/neighbours-{dataset}-{fold}.png"
    ),
    "explorer": each_run("results/explorer/{run}/index.html"),
}
STAGES["plot_degraded"] = (
    ["results/figures/degraded.svg"] if STAGES["evaluate_degraded"] else []
)
TABLES = ["clustering", "baselines", "ablation", "degraded", "retrieval", "finetune"]
JUDGED = [
    file
    for stage in ("metrics", "baselines", "evaluate_degraded", "retrieval", "finetune")
    for file in STAGES[stage]
]
STAGES["tables"] = [f"results/tables/{name}.csv" for name in TABLES] if JUDGED else []
STAGES["costs"] = ["results/tables/costs.csv"]


def check_report():
    """A report is of results that are there; Snakemake alone says which file it lacks and not why."""
    figures = ("figures", "distributions", "plot_degraded", "neighbours")
    shown = [f for stage in figures for f in STAGES[stage]]
    lacking = [f for f in JUDGED + STAGES["tables"] + shown if not Path(f).exists()]
    if not lacking:
        return
    made = Path(CONFIG)
    names = config_file.read_yaml(made)["runs"] if made.exists() else {}
    raise WorkflowError(
        f"no report: {len(lacking)} results of this configuration are not there, such as {lacking[0]}. "
        "Run the same command without --report first, or give --configfile the files that the results "
        f"were made with: {made} has the runs {', '.join(names) or '(none yet)'}"
    )


if any(word.partition("=")[0] == "--report" for word in sys.argv):
    try:
        check_report()
    except ValueError as error:
        raise WorkflowError(str(error)) from None


def level_flags(wildcards):
    """A level as `selavi degrade` takes it."""
    level = LEVELS[wildcards.level].model_dump(exclude_none=True)
    return [f"--{name.replace('_', '-')}={value}" for name, value in level.items()]


def fold_index(place):
    """Input function: index of a fold's training (0) or test split (1)."""
    return lambda wildcards: (
        f"results/shards/{wildcards.dataset}/{fold_splits(int(wildcards.fold))[place]}/index.csv"
    )


def fold_shards(wildcards):
    """Shards of both splits of a fold."""
    return [
        file
        for split in fold_splits(int(wildcards.fold))
        for file in shard_files(wildcards.dataset, split, "tar")
    ]


def degraded_index(wildcards):
    """Index of the split that a run's degraded clips are made from."""
    dataset = RUNS[wildcards.run].dataset
    return f"results/shards/{dataset}/{SETTINGS.degrade.split}/index.csv"


def degraded_clips(suffix):
    """Input function: clips of a level of a run's dataset, or their index."""
    return lambda wildcards: "results/degrade/{}/{}/{}.{}".format(
        RUNS[wildcards.run].dataset, SETTINGS.degrade.split, wildcards.level, suffix
    )


def split_index(wildcards):
    """Index of the split that a run is evaluated on."""
    return f"results/shards/{RUNS[wildcards.run].dataset}/{wildcards.split}/index.csv"


def train_index(wildcards):
    return f"results/shards/{RUNS[wildcards.run].dataset}/train/index.csv"


def split_shards(wildcards):
    """Shards of the split that a run is evaluated on; `train` where the rule has no split."""
    split = getattr(wildcards, "split", "train")
    return shard_files(RUNS[wildcards.run].dataset, split, "tar")


def jobs_are_submitted():
    """Whether an executor runs the jobs elsewhere; Snakemake itself may be on a login node."""
    return workflow.executor_plugin is not None and workflow.non_local_exec


def device(wildcards):
    """1 where jobs would share this machine's GPUs: profiles/local lets one of them have all."""
    return int(any(shutil.which(tool) for tool in ("nvidia-smi", "rocm-smi")))


def processes(wildcards):
    """Processes of a group where no profile says: 0, the launcher counts the GPUs."""
    if jobs_are_submitted():
        raise WorkflowError(
            "the profile does not say how many processes train: its set-resources must give rules "
            "pretrain and finetune nodes and tasks. Mind that --set-resources on the command line replaces all "
            "that the profile says of any rule; edit the profile instead."
        )
    return 0


def say_costs():
    """Hours and disk, before the first shard of a person's own videos is made."""
    if Path("results/shards").exists() or all(d.embedded for d in DATASETS.values()):
        return
    if jobs_are_submitted():
        files = " ".join(map(str, workflow.configfiles))
        words = "hours and disk of this run, best measured on a node that computes"
        print(f"{words}:\n  selavi estimate --configfile {files}", file=sys.stderr)
        return
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        json.dump(config, file)
        file.flush()
        subprocess.run(
            [sys.executable, "-m", "selavi", "estimate", "--configfile", file.name]
        )


def any_of(places):
    """A pattern that matches these dataset/split pairs and nothing else."""
    return "|".join(places) or "(?!)"


wildcard_constraints:
    dataset="|".join(DATASETS),
    place=any_of(SPLITS),
    run="|".join(RUNS),
    split=r"[A-Za-z0-9_-]+",
    n=r"\d{5}",
    fold=r"\d+",
    level=r"(video|audio)-[a-z0-9.-]+",
    stage="baselines|retrieval|finetune",
