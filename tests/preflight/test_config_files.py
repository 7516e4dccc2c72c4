"""Profiles and configurations, read as Snakemake reads them."""

from pathlib import Path

from selavi.preflight.config_files import read_config, read_profile

REPOSITORY = Path(__file__).parents[2]
DEMO = REPOSITORY / "config/demo.yaml"


def test_profiles_and_configurations_are_read_as_snakemake_does(tmp_path: Path) -> None:
    over = tmp_path / "over.yaml"
    over.write_text("defaults: {training: {epochs: 3}}\n")
    run = read_config([DEMO, over]).runs["demo"]
    assert (run.training.epochs, run.training.batch_size) == (3, 32)
    path, content = read_profile(str(REPOSITORY / "profiles/slurm"))
    assert content["executor"] == "slurm" and path is not None and path.name == "config.yaml"
