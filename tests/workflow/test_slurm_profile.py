"""The profile that users have, held against the workflow; no Slurm needed."""

import subprocess

import pytest

from tests.slurm.checkout import ENVIRONMENT, REPOSITORY, profile


@pytest.fixture(scope="module")
def rules() -> set[str]:
    done = subprocess.run(
        ["snakemake", "--profile", "profiles/local", "--list-rules"],
        cwd=REPOSITORY, env=ENVIRONMENT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(done.stdout.split())


@pytest.mark.parametrize("key", ["set-resources", "set-threads", "groups"])
def test_every_rule_that_the_profile_names_exists(rules: set[str], key: str) -> None:
    assert set(profile()[key]) <= rules  # Snakemake takes a misspelt one in silence


def test_groups_have_a_size() -> None:
    assert set(profile()["groups"].values()) == set(profile()["group-components"])


@pytest.mark.parametrize("rule", ["pretrain", "finetune"])
def test_training_numbers_agree(rule: str) -> None:
    training = profile()["set-resources"][rule]
    per_node = int(training["gres"].split(":")[-1])
    assert training["tasks"] == training["nodes"] * per_node


def plan(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["snakemake", "--profile", "slurm", "-n", "--quiet", "all", *arguments],
        cwd=REPOSITORY, env=ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_users_command_finds_the_profile() -> None:
    """`snakemake --profile slurm` looks for a folder `slurm` here, which is a link."""
    assert (REPOSITORY / "slurm").is_symlink()
    done = plan("--configfile", "config/demo.yaml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_without_more_it_plans_the_paper() -> None:
    done = plan()
    words = done.stdout + done.stderr
    assert done.returncode == 0 or "datasets/vgg-sound/train is not a folder" in words
