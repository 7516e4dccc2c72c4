"""Settings to and from YAML, errors a person can act on, and the JSON schema of the whole file."""

import codecs
import datetime
import difflib
import math
import re
import reprlib
import types
import typing
from collections.abc import Collection
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from selavi.files import UserError, write_text
from selavi.settings import MachineSettings, Section

S = TypeVar("S", bound=Section)
MOST_VALUES = 1_000_000  # in a file, with what its aliases stand for
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxlong = _SHORT.maxother = 200


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
    return parse(read_yaml(path), model, str(path))


def read_yaml(path: Path) -> Any:
    """What a YAML or JSON file holds. Raises UserError naming the file.

    A key that is given twice is an error here: YAML's libraries take the last one and say nothing.
    So are aliases that a few lines of multiply to what no memory holds.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        found = "UTF-16" if wide else f"byte {error.start} is {content[error.start]:#x}"
        raise UserError(
            f"{path} is not UTF-8 text ({found}); save it with the encoding UTF-8"
        ) from None
    if path.suffix == ".json":
        text = text.replace("\t", " ")  # between JSON's tokens only, where YAML takes none
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        problem = _given_twice(loader, root)
        if not problem and _size(root, {}) > MOST_VALUES:
            problem = (
                f"its aliases stand for more than {MOST_VALUES} values; write out what is meant"
            )
        if not problem:
            return None if root is None else loader.construct_document(root)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: the 13th month, say
        raise UserError(f"{path} is not valid YAML: {error}") from None
    except RecursionError:
        raise UserError(
            f"{path} is nested too deeply; settings are no more than some ten levels deep"
        ) from None
    raise UserError(f"{path}: {problem}")


def _given_twice(loader: yaml.SafeLoader, root: yaml.Node | None) -> str:
    """A sentence on the first key that a mapping has twice, of which YAML takes the last.

    Looked for before values are made: merging (`<<`) changes the mappings that it merges.
    """
    nodes, seen = [root], set()
    while nodes:
        node = nodes.pop()
        if node is None or id(node) in seen:  # an alias is the node itself
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            nodes.extend(node.value)
        elif isinstance(node, yaml.MappingNode):
            lines: dict[Any, int] = {}
            for key, value in node.value:
                nodes.append(value)
                if not isinstance(key, yaml.ScalarNode) or key.value == "<<":
                    continue
                name, line = loader.construct_object(key), key.start_mark.line + 1
                if name in lines:
                    return (
                        f"key {key.value!r} is given twice, in lines {lines[name]} and {line}; "
                        "keep one of them"
                    )
                lines[name] = line
    return ""


def _size(node: yaml.Node | None, known: dict[int, float]) -> float:
    """Values in a node, those of an alias at each of its places; infinite if it holds itself."""
    if node is None or id(node) in known:
        return known.get(id(node), 0)
    known[id(node)] = math.inf
    parts: list[yaml.Node] = []
    if isinstance(node, yaml.SequenceNode):
        parts = node.value
    elif isinstance(node, yaml.MappingNode):
        parts = [part for pair in node.value for part in pair]
    known[id(node)] = 1 + sum(_size(part, known) for part in parts)
    return known[id(node)]


def write_section(path: Path, section: Section) -> None:
    """Write a section with every default filled in, atomically."""
    write_text(path, section_text(section))


def section_text(section: Section, without: Collection[str] = ()) -> str:
    """A section as YAML, with every default filled in; `without` some of its keys."""
    return yaml.safe_dump(section.model_dump(mode="json", exclude=set(without)), sort_keys=False)


def _sentences(error: ValidationError, model: type[BaseModel]) -> list[str]:
    lines = []
    errors = error.errors(include_url=False)
    shared = [item["loc"][1:] for item in errors if item["loc"][:1] == ("defaults",)]
    shared += [item["loc"] for item in errors if item["loc"][:1] == ("machine",)]
    for item in errors:
        section = item["loc"][:1]
        if section == ("runs",) and item["loc"][2:] in shared:
            continue  # inherited: reported once, at its origin
        if section in (("retrieval",), ("finetune",)) and item["loc"][1:] in shared:
            continue
        where = ".".join(str(p) for p in item["loc"] if p != "[key]")
        if item["loc"][-1:] == ("[key]",):  # pydantic shows a name such as False as 0
            where = ".".join(map(str, [*item["loc"][:-2], item["input"]]))
        if item["type"] == "extra_forbidden":
            lines.append(f"  {where}: unknown key{_nearest(item['loc'], model)}")
        elif item["type"] == "missing":
            lines.append(f"  {where}: is required")
        elif item["type"] == "value_error":
            message = str(item["msg"]).removeprefix("Value error, ")
            lines.append(f"  {where + ': ' if where else ''}{message}")
        else:
            message = item["msg"][0].lower() + item["msg"][1:]
            message += _remedy(item["type"], item["input"])
            lines.append(f"  {where} = {_shown(item['input'])}: {message}")
    return list(dict.fromkeys(lines))


def _shown(value: Any) -> str:
    try:
        return _SHORT.repr(value)
    except ValueError:  # a number with more digits than Python writes
        return "a number of thousands of digits"


def _remedy(kind: str, value: Any) -> str:
    """What to write instead, where YAML has read something else than was meant."""
    if kind == "string_type" and isinstance(value, bool):
        return '; YAML reads yes, no, on, off, true and false so: put it in quotes, such as "no"'
    if kind == "string_type" and value is None:
        return "; YAML reads ~, null and an empty place as nothing: write a text"
    if kind == "string_type" and isinstance(value, int | float | datetime.date):
        read = "a date" if isinstance(value, datetime.date) else "a number"
        return f"; YAML reads {read}: put it in quotes, '{value}'"
    if kind == "string_pattern_mismatch" and re.search(r"[^A-Za-z0-9_/-]", value):
        name = re.sub(r"[^A-Za-z0-9_/-]+", "-", value).strip("-_/")
        words = "; names have letters, digits, - and _"
        return f"{words}: write {name!r}" if name else words
    if kind in ("float_type", "int_type") and isinstance(value, str):
        return _number_remedy(value.strip().replace(",", "."))
    return ""


def _number_remedy(value: str) -> str:
    """How YAML wants a number that it took for text."""
    number = re.fullmatch(r"([-+]?\d*\.?\d*)(?:[eE]([-+]?\d+))?", value)
    if not number or not any(c.isdigit() for c in number[1]):
        return ""
    if number[2] is None:
        return f"; it is text: write {value}, without quotes"
    mantissa = number[1] if "." in number[1] else f"{number[1]}.0"
    return f"; YAML takes it for text: write {mantissa}e{int(number[2]):+d}"


def _nearest(loc: tuple[int | str, ...], model: type[BaseModel]) -> str:
    key, known = str(loc[-1]), _keys(model, loc[:-1])
    if key in MachineSettings.model_fields:
        return f"; did you mean 'machine.{key}'?"
    close = difflib.get_close_matches(key, known, n=1)
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
