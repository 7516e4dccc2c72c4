"""Runs that are not trained: what doctor and estimate say of them."""

from pathlib import Path

import pytest

from selavi.config_file import parse, read_yaml
from selavi.estimates.workload import ClipRate, Workload
from selavi.files import UserError
from selavi.preflight.checks import given_weights
from selavi.rate_cache import RateCache
from selavi.settings import Config, RunSettings
from selavi.training.cost import pretrain_costs

DEMO = Path(__file__).parents[2] / "config/demo.yaml"


def config(**run: object) -> Config:
    raw = read_yaml(DEMO)
    raw["runs"]["given"] = {"dataset": "demo"} | run
    return parse(raw, Config, "test")


def test_doctor_names_weights_that_are_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SELAVI_ZOO", "models")
    (finding,) = given_weights(config(weights="zoo:ave"))
    assert finding.good is False
    assert "runs.given.weights: zoo:ave is not on this machine" in finding.words
    assert "place it at models/selavi_ave.pth" in finding.words
    (finding,) = given_weights(config(weights="absent.pt"))
    assert "runs.given.weights: absent.pt does not exist" in finding.words
    Path("absent.pt").touch()
    assert not list(given_weights(config(weights="absent.pt")))
    (finding,) = given_weights(config(weights="zoo:vgg"))
    assert "'vgg' is not in the model zoo, which has: ave" in finding.words


def test_doctor_names_models_of_embedders_that_are_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    other = "results/pretrain/demo/model.pt"  # another run makes it
    for model, words in (("absent.pt", "absent.pt does not exist"), (other, "")):
        run = {"network": {"video_encoder": f"selavi:{model}", "audio_encoder": "log_mel"}}
        found = [finding.words for finding in given_weights(config(**run))]
        assert len(found) == bool(words)
        assert all(f"runs.given.network.video_encoder: {words}" in text for text in found)


def test_no_training_is_estimated() -> None:
    def measure(index: Path, run: RunSettings) -> ClipRate:
        raise AssertionError("a run that is not trained is measured")

    every = config(weights="zoo:ave")
    only = every.model_copy(update={"runs": {"given": every.runs["given"]}})
    workload = Workload(only, {}, {}, {}, measure, RateCache())
    assert not list(pretrain_costs(workload))


def test_a_training_and_its_result_exclude_each_other() -> None:
    with pytest.raises(UserError, match=r"weights = 'a.pt' is a trained model, and network\.init"):
        config(weights="a.pt", network={"init": "b.pt"})
    config(weights="a.pt", network={"clusters": 150})  # more than clips: nothing is trained
    with pytest.raises(UserError, match="800 training clips are too few"):
        config(network={"clusters": 5000})
    config(weights="a.pt", network={"clusters": 5000})
