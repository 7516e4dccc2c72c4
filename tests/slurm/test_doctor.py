"""`selavi doctor` on a real Slurm."""

import subprocess
import sys

import yaml

from tests.slurm.checkout import ENVIRONMENT, Checkout, profile, small


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
    assert "nothing stands in the way" in words
    assert "job 2 x shard" in words
    fitting["group-components"]["shards"] = 1000
    fitting["set-resources"]["pretrain"]["runtime"] = 10_000
    path.write_text(yaml.safe_dump(fitting))
    code, words = doctor(checkout, "fitting")
    assert code == 1
    assert "its partition allows 2880: lower it" in words
    assert "lower shards of the profile's group-components" in words
