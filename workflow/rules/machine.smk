# What runs the jobs: this machine or a cluster, its GPUs, and what a run will cost there.
import json
import shutil
import subprocess
import tempfile


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
            "pretrain and finetune nodes and tasks. --set-resources on the command line replaces all "
            "that the profile says of any rule; edit the profile instead."
        )
    return 0


def say_costs():
    """Hours and disk, before the first shard of a person's own videos is made.

    `selavi run` gets to know the time at each start, for what is left of it.
    """
    # `selavi label` has said it, and the demo is small.
    known = "SELAVI_ESTIMATED" in os.environ or all(map(PLAN.demo_data, DATASETS))
    kept = Path(".snakemake/selavi-estimate.json")
    if Path("results/shards").exists():
        if not kept.exists():  # nobody measured it then, and the videos may be gone
            return
        known = True
    if known and (jobs_are_submitted() or "SELAVI_RUN_PIPE" not in os.environ):
        return
    if jobs_are_submitted():
        files = " ".join(map(str, workflow.configfiles))
        words = "to estimate hours and disk of this run, on a node that runs its jobs"
        print(f"{words}:\n  selavi estimate --configfile {files}", file=sys.stderr)
        return
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        json.dump(config, file)
        file.flush()
        subprocess.run(
            [sys.executable, "-m", "selavi", "estimate", "--configfile", file.name]
            + ["--kept", str(kept)]
            + ["--no-table"] * known
        )


def say_failures(log):
    """The last lines of the logs of failed jobs, which `selavi run` says itself."""
    if "SELAVI_RUN_PIPE" not in os.environ:
        print(last_lines(log), file=sys.stderr)
