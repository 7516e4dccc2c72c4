"""Configuration files as people write them: what YAML reads otherwise than was meant."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from selavi.config_file import read_yaml
from selavi.evaluation.baseline_kmeans import kmeans
from selavi.files import UserError
from selavi.preflight.config_files import read_config
from selavi.settings import Config, FinetuneSettings
from selavi.settings.json_schema import json_schema

DEMO = Path(__file__).parent.parent / "config/demo.yaml"


def over(folder: Path, text: str) -> Config:
    """The demo's configuration with a file laid over it."""
    path = folder / "over.yaml"
    path.write_text(text)
    return read_config([DEMO, path])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("runs: {a: 1}\nexplorer: {}\nruns: {}\n", "key 'runs' is given twice, in lines 1 and 3"),
        ("a:\n  - {b: 1,\n     b: 2}\n", "key 'b' is given twice, in lines 2 and 3"),
        ("runs: {no: 1, off: 2}", "key 'off' is given twice, in lines 1 and 1"),
    ],
)
def test_a_key_given_twice_is_named_with_its_lines(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UserError) as caught:
        over(tmp_path, text)
    assert f"{tmp_path / 'over.yaml'}: {words}; keep one of them" == str(caught.value)


def test_keys_of_several_places_are_not_given_twice(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text('a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\n"1": 4\n1: 5\n')
    assert read_yaml(path) == {"a": {"x": 1, "y": 2}, "b": {"x": 3, "y": 2}, "1": 4, 1: 5}
    path = tmp_path / "c.json"
    path.write_text('{\n\t"a": {\n\t\t"x": "a\\tb"\n\t}\n}\n')
    assert read_yaml(path) == {"a": {"x": "a\tb"}}
    path.write_text('{\n"a": 1,\n"a": 2}')
    with pytest.raises(UserError, match="given twice, in lines 2 and 3"):
        read_yaml(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a: 1".encode("utf-16"), r"c\.yaml is not UTF-8 text \(UTF-16\); save it"),
        ("a: 1".encode("utf-16-le"), r"c\.yaml is not valid YAML"),
        ("a: \u00e9".encode("latin-1"), r"c\.yaml is not UTF-8 text \(byte 3 is 0xe9\)"),
        (b"a: 2024-13-01", r"c\.yaml is not valid YAML: month must be in 1"),
        (b"a:\n\tb: 1", r"c\.yaml is not valid YAML"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(content)
    with pytest.raises(UserError, match=words):
        read_yaml(path)
    path.write_bytes("a: \u00e9".encode("utf-8-sig"))
    assert read_yaml(path) == {"a": "\u00e9"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("defaults: {training: {base_lr: 1e-3}}", "base_lr = '1e-3'.* write 1.0e-3$"),
        ("defaults: {training: {base_lr: 2.5E1}}", "base_lr = '2.5E1'.* write 2.5e\\+1$"),
        ("defaults: {training: {base_lr: '0,5'}}", "write 0.5, without quotes$"),
        ("defaults: {training: {epochs: '5'}}", "epochs = '5'.* write 5, without quotes$"),
        ("defaults: {training: {epochs: many}}", "epochs = 'many': .*integer$"),
        ("runs: {no: {dataset: demo}}", 'runs.False = False: .*; YAML reads .* no.*quotes.*"no"'),
        ("runs: {2024: {dataset: demo}}", "runs.2024 = 2024: .* put it in quotes, '2024'$"),
        ("runs: {1.5: {dataset: demo}}", "runs.1.5 = 1.5: .* put it in quotes, '1.5'$"),
        ("runs: {2024-01-02: {dataset: demo}}", "reads a date: put it in quotes, '2024-01-02'$"),
        ("runs: {v1.2: {dataset: demo}}", "runs.v1.2 = 'v1.2': .* - and _: write 'v1-2'$"),
        ("runs: {my run: {dataset: demo}}", "write 'my-run'$"),
        ("runs: {'': {dataset: demo}}", "should match pattern"),
        ("datasets: {demo: {root: ~}}", "root = None: .*null: write a text$"),
        ("datasets: {demo: {root: ''}}", "root = '': .* at least 1 character"),
        ('datasets: {demo: {root: "a\\0"}}', "a NUL character"),
        ("datasets: {demo: {splits: {x: {of: train, classes: [no]}}}}", "classes.0 = False: .*"),
        ("defaults: {seed: 4294967296}", "defaults.seed = 4294967296: .*less than 4294967296$"),
        ("defaults: {training: {base_lr: .inf}}", "base_lr = inf: .*finite number$"),
        ("finetune: {head_lr: .nan}", "finetune.head_lr = nan: .*finite number$"),
        ("degrade: {audio: [{kbps: 12, snr_db: -.inf}]}", "snr_db = -inf: .*finite number$"),
        (
            "defaults: {training: {epochs: 5, warmup_epochs: 6}}",
            "runs.demo.training.warmup_epochs = 6 is more than epochs = 5: .*; use at most 5$",
        ),
        ("finetune: {warmup_epochs: 0}", "begins at warmup_factor = 8 .*; set warmup_factor: 1.0"),
        ("finetune: {epochs: 1}", "finetune: warmup_epochs = 2 is more than epochs = 1"),
    ],
)  # fmt: skip
def test_what_yaml_reads_otherwise_gets_a_remedy(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UserError, match=f"(?m){words}"):
        over(tmp_path, text)


def test_the_remedies_work(tmp_path: Path) -> None:
    runs = "{'no': &r {dataset: demo}, '2024': *r, v1-2: *r}"
    config = over(
        tmp_path,
        f"runs: {runs}\ndefaults: {{seed: 4294967295, training: {{base_lr: 1.0e-3}}}}\n"
        "finetune: {warmup_epochs: 0, warmup_factor: 1.0}\n",
    )
    assert set(config.runs) == {"demo", "no", "2024", "v1-2"}
    assert config.runs["no"].training.base_lr == 0.001
    shorter = FinetuneSettings(epochs=2, machine=config.machine)
    assert over(tmp_path, "finetune: {epochs: 2}").finetune == shorter


def test_every_generator_takes_the_largest_seed() -> None:
    seed = 2**32 - 1
    assert len(kmeans(np.eye(4), 2, seed)) == len(kmeans(np.eye(4), 2, seed, minibatch_above=1))
    torch.Generator().manual_seed(seed)
    np.random.default_rng((seed, 1, 2))


def numbers(name: str, schema: Any) -> list[tuple[str, dict[str, Any]]]:
    """Every setting that is a number, also in lists."""
    if not isinstance(schema, dict):
        return []
    here = [(name, schema)] if schema.get("type") in ("number", "integer") else []
    parts = [*schema.get("anyOf", []), schema.get("items"), schema.get("additionalProperties")]
    parts = [(name, part) for part in parts]
    parts += [(f"{name}.{key}", part) for key, part in schema.get("properties", {}).items()]
    return here + [number for key, part in parts for number in numbers(key, part)]


def test_every_number_is_bounded_on_both_sides() -> None:
    found = [n for name, part in json_schema()["$defs"].items() for n in numbers(name, part)]
    assert len(found) > 90
    for name, kind in found:
        if "const" in kind or "enum" in kind:
            continue
        assert {"minimum", "exclusiveMinimum"} & set(kind), f"{name} has no lower bound"
        assert {"maximum", "exclusiveMaximum"} & set(kind), f"{name} has no upper bound"


ALIASES = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: " + "[" * 5000 + "]" * 5000, r"over\.yaml is nested too deeply"),
        ("a: " + "{a: " * 3000 + "}" * 3000, r"over\.yaml is nested too deeply"),
        ("\n".join(" " * n + "a:" for n in range(1000)), r"over\.yaml is nested too deeply"),
        (f"a0: &a0 [x]\n{ALIASES}runs: *a8", r"over\.yaml: its aliases expand to more than"),
        ("runs: &a [*a]", r"over\.yaml: its aliases expand to more than"),
        (f"explorer: {{clips_per_cluster: 1{':59' * 4000}}}", "a number with thousands of digits"),
        ("explorer: {clips_per_cluster: 100000000000}", "less than or equal to 10000"),
        ("retrieval: {recall_at: [0]}", "retrieval.recall_at.0 = 0: .* greater than"),
        ("retrieval: {datasets: {demo: [-1]}}", "retrieval.datasets.demo.0 = -1: .* greater than"),
        (f"runs: {{demo: {{dataset: [{'a' * 9999}]}}}}", "(?s)^.{100,400}$"),
        ("runs: {demo: {dataset: [a]}}", r"runs\.demo\.dataset = \['a'\]: .*valid string"),
        ("datasets: {x: ~}\nruns: {demo: {dataset: {a: 1}}}", r"dataset = {'a': 1}: .*string"),
        ("runs: {b: ~}\ndegrade: {runs: [[demo]]}", r"degrade\.runs\.0 = \['demo'\]: .*string"),
    ],
)
def test_what_would_take_all_memory_or_time_is_refused(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(UserError, match=words):
        over(tmp_path, text)


@pytest.mark.parametrize("field", ["{run!x}", "{run:>99}", "{run.upper}", "{0}", "{}", "{x}", "{"])
def test_a_feature_file_is_named_by_run_dataset_and_split_alone(tmp_path: Path, field: str) -> None:
    with pytest.raises(
        UserError, match=r"features: mine = .*; double a brace that is part of the path"
    ):
        over(tmp_path, f"baselines: {{features: {{mine: '{field}.npy'}}}}")
    path = "{run}/{dataset}-{split}-{{1}}.npy"
    assert over(tmp_path, f"baselines: {{features: {{mine: '{path}'}}}}").baselines.features


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("a-{0..3.tar", "the braces of 'a-{0..3.tar' do not match"),
        ("a-0..3}.tar", "do not match"),
        ("{" * 3000 + "a,b" + "}" * 3000, "do not match"),
        ("a{0..999999999999}.tar", "expands to more than 100000 shards"),
        ("a{0..99999}{0..99999}.tar", "expands to more than 100000 shards"),
        ("a{0..999}{0..999}.tar", "expands to more than 100000 shards"),
        ("{a,b}" * 40, "expands to more than 100000 shards"),
        ("{,}", "an empty path"),
    ],
)
def test_braces_that_cannot_be_counted_out(tmp_path: Path, pattern: str, words: str) -> None:
    with pytest.raises(UserError, match=rf"datasets\.demo\.splits\.train\.tars: .*{words}"):
        over(tmp_path, f"datasets: {{demo: {{splits: {{train: {{tars: ['{pattern}']}}}}}}}}")


PATHS = {
    "root: PATH",
    "splits: {train: {folder: PATH}}",
    "splits: {train: {table: PATH}}",
    "splits: {train: {tars: [PATH]}}",
    "splits: {x: {of: train, official: {folder: PATH, layout: ucf101, fold: 1, part: test}}}",
}


@pytest.mark.parametrize(
    "place",
    [
        *sorted(f"datasets: {{demo: {{{path}}}}}" for path in PATHS),
        "baselines: {supervised_weights: PATH}",
        "baselines: {features: {mine: PATH}}",
    ],
)
def test_paths_may_begin_at_home(
    tmp_path: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/there")
    monkeypatch.delenv("NO_SUCH", raising=False)
    for path, meant in (
        ("~/a", "/there/a"), ("$HOME/a", "/there/a"), ("${HOME}/a", "/there/a"), ("a~", "a~"),
        ("~nobody-of-this-name/a", "~nobody-of-this-name/a"), ("/a/$NO_SUCH", "/a/$NO_SUCH"),
        ("https://host/~me/$HOME", "https://host/~me/$HOME"),
    ):  # fmt: skip
        config = over(tmp_path, place.replace("PATH", f'"{path}"'))
        assert f"'{meant}'" in repr(config), path
        again = read_again(config, tmp_path)
        assert again == config


def read_again(config: Config, folder: Path) -> Config:
    path = folder / "written.yaml"
    path.write_text(yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False))
    return read_config([path])


def test_no_text_setting_is_a_path_that_stays_as_it_is() -> None:
    """A new one is to be a FilePath, or one of those that are no paths."""
    texts = []
    for section, content in json_schema()["$defs"].items():
        for name, field in content["properties"].items():
            kinds = [field, *field.get("anyOf", [])]
            kinds += [k[part] for k in kinds for part in ("items", "additionalProperties")
                      if isinstance(k.get(part), dict)]  # fmt: skip
            texts += [
                f"{section}.{name}"
                for kind in kinds
                if kind.get("type") == "string" and not {"pattern", "enum", "minLength"} & set(kind)
                and "const" not in kind
            ]  # fmt: skip
    assert texts == ["SplitSettings.classes"]


def test_what_is_merged_may_be_overridden(tmp_path: Path) -> None:
    path = tmp_path / "merged.yaml"
    path.write_text(
        "base: &base {epochs: 1, seed: 2}\n"
        "defaults: {training: &mine {<<: *base, epochs: 5}}\n"
        "other: {<<: *mine, seed: 3}\n"
    )
    assert read_yaml(path) == {
        "base": {"epochs": 1, "seed": 2},
        "defaults": {"training": {"epochs": 5, "seed": 2}},
        "other": {"epochs": 5, "seed": 3},
    }
