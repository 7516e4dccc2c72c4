"""Write config/README.md from the typed settings: every key, its default and its sentence."""

from pathlib import Path
from typing import Any

from selavi.config_file import json_schema

HEAD = """\
# Configuration

`demo.yaml` is the default: the embedded demo. `config.yaml` is a link to it, for tools that look
for that name. `demo-full.yaml` is laid over it by `make demo-full`.
Your own file is given with `--configfile FILE`; it replaces the demo's. Several files are merged,
the later over the earlier.

A run takes what it does not name itself from `defaults`, and what is not there from the values
below, which are the paper's. A key that is not in these tables stops the workflow at once, and so
does one that is given twice.

Files are UTF-8. In paths, `~` and `$NAME` are as in a shell. Names that YAML reads as something
else (`no`, `2024`) are put in quotes; small numbers are written `1.0e-3`.

This page is made from the settings by `python config/describe.py`.
"""


PLACES = {
    "Config": "The file",
    "DatasetSettings": "`datasets.NAME`",
    "SplitSettings": "`datasets.NAME.splits.NAME`",
    "TableColumns": "`datasets.NAME.splits.NAME.columns`",
    "OfficialSettings": "`datasets.NAME.splits.NAME.official`",
    "MediaSettings": "`datasets.NAME.media`",
    "EmbeddedSettings": "`datasets.NAME.embedded`",
    "RunSettings": "`runs.NAME`",
    "RunDefaults": "`defaults`",
    "VideoSettings": "`video`, in a run or in the defaults",
    "AudioSettings": "`audio`",
    "NetworkSettings": "`network`",
    "LabellingSettings": "`labelling`",
    "TrainingSettings": "`training`",
    "MachineSettings": "`machine`",
    "ExplorerSettings": "`explorer`",
    "BaselineSettings": "`baselines`",
    "DegradeSettings": "`degrade`",
    "VideoLevel": "an entry of `degrade.video`",
    "AudioLevel": "an entry of `degrade.audio`",
    "RetrievalSettings": "`retrieval`",
    "FinetuneSettings": "`finetune`",
}


def page() -> str:
    """The whole page as Markdown."""
    schema = json_schema()
    sections = {"Config": schema} | schema["$defs"]
    assert sections.keys() == PLACES.keys()
    return HEAD + "".join(_section(PLACES[name], sections[name]) for name in PLACES)


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


if __name__ == "__main__":
    Path(__file__).with_name("README.md").write_text(page(), encoding="utf-8")
