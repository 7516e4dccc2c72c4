"""The sources of the encoders' first weights, as the file gives them."""

from typing import Any

import jsonschema
import pytest
import yaml

from selavi.config_file import parse, section_text
from selavi.files import UserError
from selavi.settings import TORCHVISION, RunSettings
from selavi.settings.json_schema import json_schema


def run(init: Any, *modalities: str) -> dict[str, Any]:
    return {
        "dataset": "d", "modalities": list(modalities or ("video", "audio")),
        "network": {"init": init},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("init", "modalities", "sources"),
    [
        ("a.pt", ["video", "audio"], {"video": "a.pt", "audio": "a.pt"}),
        ("zoo:ave", ["video"], {"video": "zoo:ave", "audio": "zoo:ave"}),
        ({"video": TORCHVISION}, ["video", "audio"], {"video": TORCHVISION}),
        ({"audio": "a.pt"}, ["audio"], {"audio": "a.pt"}),
    ],
)
def test_one_text_or_one_per_modality(
    init: Any, modalities: list[str], sources: dict[str, str]
) -> None:
    raw = run(init, *modalities)
    found = parse(raw, RunSettings, "run").network.init
    assert found and found.sources == sources
    config = {"datasets": {"d": {"splits": {}}}, "runs": {"r": raw}}
    schema = json_schema()
    errors = jsonschema.Draft202012Validator(schema).iter_errors(config)
    assert not [e for e in errors if "init" in e.absolute_path]


def test_the_settings_of_a_run_are_read_back() -> None:
    settings = parse(run("a.pt"), RunSettings, "run")
    assert parse(yaml.safe_load(section_text(settings)), RunSettings, "run") == settings


@pytest.mark.parametrize(
    ("init", "modalities", "words"),
    [
        (TORCHVISION, [], "has no audio encoder; write init: {video: torchvision:r2plus1d_18}"),
        ("torchvision:r3d_18", [], "'torchvision:r3d_18' is not offered"),
        ("https://a/b.pt", [], "is a URL; download the file"),
        ({}, [], "names no source"),
        ({"vidoe": "a.pt"}, [], "unknown key; did you mean 'video'"),
        ({"audio": "a.pt"}, ["video"], r"init\.audio = 'a\.pt', but modalities = \['video'\]"),
        ({"video": "b.pt", "audio": "a.pt"}, ["video"], "train on audio too"),
    ],
)
def test_mistakes_are_named(init: Any, modalities: list[str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        parse(run(init, *modalities), RunSettings, "run")
