"""The page config/README.md, made from the typed settings: every key, its default, its meaning."""

from typing import Any

from selavi.settings.json_schema import json_schema
from selavi.settings.presets import PRESETS

HEAD = """\
# Configuration

The configuration is a YAML file. `demo.yaml` is the default: the embedded demo. `config.yaml` is a
link to it, for tools that expect that name. `make demo-full` adds `demo-full.yaml`. `paper.yaml`
has the paper's experiments.

`--configfile FILE` replaces the default by your own file. Several files are merged; later files
override earlier ones, key by key. A dataset or run that a later file sets to `null` is removed.

A run takes the keys that it omits from `defaults`, then from its [preset](#presets), then from the
tables below, whose defaults are the paper's values. An unknown key is an error, and so is a key
that is given twice.

Files are UTF-8. `~` and `$NAME` in paths are expanded as in a shell. Quote names that YAML reads as
another type (`"no"`, `"2024"`). Write small numbers as `1.0e-3`.

`selavi settings --configfile FILE` checks a configuration; with `--run NAME` or `--dataset NAME` it
prints that part with all values filled in.

`selavi settings --describe config/README.md` writes this page.
"""


PLACES = {
    "Config": "The file",
    "DatasetSettings": "`datasets.NAME`",
    "SplitSettings": "`datasets.NAME.splits.NAME`",
    "TableColumns": "`datasets.NAME.splits.NAME.columns`",
    "OfficialSettings": "`datasets.NAME.splits.NAME.official`",
    "MediaSettings": "`datasets.NAME.media`",
    "EmbeddedSettings": "`datasets.NAME.embedded`",
    "FeatureFiles": "`datasets.NAME.features`",
    "RunSettings": "`runs.NAME`",
    "RunDefaults": "`defaults`",
    "VideoSettings": "`video`, in a run or in the defaults",
    "AudioSettings": "`audio`",
    "NetworkSettings": "`network`",
    "InitSettings": "`network.init`",
    "FeatureViewSettings": "`feature_views`",
    "LabellingSettings": "`labelling`",
    "TrainingSettings": "`training`",
    "MachineSettings": "`machine`",
    "EmbedderSettings": "`embedders.NAME`",
    "ExplorerSettings": "`explorer`",
    "BaselineSettings": "`baselines`",
    "DegradeSettings": "`degrade`",
    "VideoLevel": "an entry of `degrade.video`",
    "AudioLevel": "an entry of `degrade.audio`",
    "RetrievalSettings": "`retrieval`",
    "FinetuneSettings": "`finetune`",
}
"""Where each section is in the file, in the order of the page."""


def page() -> str:
    """The whole page as Markdown."""
    schema = json_schema()
    sections = {"Config": schema} | schema["$defs"]
    assert sections.keys() == PLACES.keys()
    tables = [_section(PLACES[name], sections[name]) for name in PLACES]
    return HEAD + _presets(sections) + "".join(tables)


def _presets(sections: dict[str, Any]) -> str:
    """A table of the values of each preset."""
    names = list(PRESETS)
    lines = [
        "\n## Presets\n",
        "With `preset: small` a dataset stores small clips, and runs on it train narrow networks,\n"
        "in minutes on a CPU. `preset: paper`, the default, has the paper's values, which need\n"
        "GPUs. A run may name another preset than its dataset. Keys that you give override the\n"
        "preset.\n",
        f"| key | {' | '.join(f'`{name}`' for name in names)} |",
        "|---" * (1 + len(names)) + "|",
    ]
    keys = {(s, key) for values in PRESETS.values() for s in values for key in values[s]}
    for place in ("media", "video", "audio", "network", "labelling", "training"):
        properties = sections[f"{place.capitalize()}Settings"]["properties"]
        for key, field in properties.items():
            if (place, key) in keys:
                values = [v.get(place, {}).get(key, field["default"]) for v in PRESETS.values()]
                lines.append(f"| `{place}.{key}` | {' | '.join(f'`{v}`' for v in values)} |")
    return "\n".join(lines) + "\n"


def _section(name: str, section: dict[str, Any]) -> str:
    lines = [
        f"\n## {name}\n",
        f"{section['description']}\n",
        "| key | default | meaning |",
        "|---|---|---|",
    ]
    for key, field in section["properties"].items():
        words = field.get("description", "").replace("\n", " ").replace("|", "\\|")
        lines.append(
            f"| `{key}` | {_default(field, key in section.get('required', []))} | {words} |"
        )
    return "\n".join(lines) + "\n"


def _default(field: dict[str, Any], required: bool) -> str:
    if required:
        return "required"
    default = field.get("default")
    if default is None or isinstance(default, dict):
        return "see its section" if isinstance(default, dict) or "$ref" in field else "none"
    return f"`{default}`" + _choices(field)


def _choices(field: dict[str, Any]) -> str:
    return " of " + ", ".join(f"`{c}`" for c in field["enum"]) if "enum" in field else ""
