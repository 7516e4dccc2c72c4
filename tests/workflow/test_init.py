"""A run that starts from the model of another run of the same configuration."""

import hashlib
from pathlib import Path

import yaml

from selavi.models.checkpoint import load_model
from tests.workflow.running import OVERLAY, rules_run, snakemake

FIRST, SECOND = "results/pretrain/demo/model.pt", "results/pretrain/second/model.pt"


def test_the_other_model_is_made_first(checkout: Path) -> None:
    more = checkout / "more.yaml"
    network = {"init": FIRST, "clusters": 4, "heads": 1}
    run = {"dataset": "demo", "network": network, "labelling": {"groups": 1}}
    more.write_text(yaml.safe_dump({"runs": {"second": run}}))
    command = (*OVERLAY, more.name, "--", SECOND)
    snakemake(checkout, *command)
    trained, settings, facts = load_model(checkout / SECOND)
    assert settings.network.init and settings.network.init.sources == dict.fromkeys(
        ("video", "audio"), FIRST
    )
    digest = hashlib.sha256((checkout / FIRST).read_bytes()).hexdigest()
    expected = {"source": FIRST, "sha256": digest, "released": False}
    assert facts["init"]["audio"] == expected
    assert len(trained.heads["audio"]) == 1
    assert rules_run(snakemake(checkout, "-n", *command)) == []
    (checkout / FIRST).touch()
    assert "pretrain" in rules_run(snakemake(checkout, "-n", *command))
