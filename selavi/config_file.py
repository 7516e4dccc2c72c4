"""Settings to and from YAML, errors a person can act on, and the JSON schema of the whole file."""

import difflib
import json
import types
import typing
from collections.abc import Collection
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from selavi.files import UserError, write_text
from selavi.settings import Config, Section

S = TypeVar("S", bound=Section)


def parse(raw: Any, model: type[S], source: str) -> S:
    """Check `raw` (nested dicts as YAML gives them) against `model`.

    Raises UserError naming every key at fault, its value, and what would be right.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise UserError(f"{source}:\n" + "\n".join(_sentences(error, model))) from None


def read_section(path: Path, model: type[S]) -> S:
    """Read one section from a YAML file and check it. Raises UserError."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
    except yaml.YAMLError as error:
        raise UserError(f"{path} is not valid YAML: {error}") from None
    return parse(raw, model, str(path))


def write_section(path: Path, section: Section) -> None:
    """Write a section with every default filled in, atomically."""
    write_text(path, section_text(section))


def section_text(section: Section, without: Collection[str] = ()) -> str:
    """A section as YAML, with every default filled in; `without` some of its keys."""
    return yaml.safe_dump(section.model_dump(mode="json", exclude=set(without)), sort_keys=False)


def json_schema() -> dict[str, Any]:
    """JSON schema of the configuration file, made from the typed settings."""
    schema = Config.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def schema_text() -> str:
    """The schema as it stands in workflow/schemas/config.schema.json."""
    return json.dumps(json_schema(), indent=2) + "\n"


def _sentences(error: ValidationError, model: type[BaseModel]) -> list[str]:
    lines = []
    errors = error.errors(include_url=False)
    shared = [item["loc"][1:] for item in errors if item["loc"][:1] == ("defaults",)]
    for item in errors:
        if item["loc"][:1] == ("runs",) and item["loc"][2:] in shared:
            continue  # inherited: said once, where it stands
        where = ".".join(str(p) for p in item["loc"] if p != "[key]")
        if item["type"] == "extra_forbidden":
            lines.append(f"  {where}: unknown key{_nearest(item['loc'], model)}")
        elif item["type"] == "missing":
            lines.append(f"  {where}: is required")
        elif item["type"] == "value_error":
            message = str(item["msg"]).removeprefix("Value error, ")
            lines.append(f"  {where + ': ' if where else ''}{message}")
        else:
            message = item["msg"][0].lower() + item["msg"][1:]
            lines.append(f"  {where} = {item['input']!r}: {message}")
    return list(dict.fromkeys(lines))


def _nearest(loc: tuple[int | str, ...], model: type[BaseModel]) -> str:
    known = _keys(model, loc[:-1])
    close = difflib.get_close_matches(str(loc[-1]), known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; the keys here are: {', '.join(known)}"


def _keys(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Keys of the section at `loc`, following field annotations down from `model`."""
    kind: Any = model
    for part in loc:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            fields = {f.alias or n: f for n, f in kind.model_fields.items()}
            kind = _section_in(fields[str(part)].annotation)
        else:
            kind = _section_in(typing.get_args(kind)[-1])
    assert issubclass(kind, BaseModel)
    return [f.alias or n for n, f in kind.model_fields.items()]


def _section_in(annotation: Any) -> Any:
    """`Section | None` -> `Section`; anything else as it is."""
    if isinstance(annotation, types.UnionType):
        return next(a for a in typing.get_args(annotation) if a is not type(None))
    return annotation
