"""Read and write settings as YAML, explain their errors; make the configuration's JSON schema."""

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

from selavi.disk import refusal
from selavi.files import UserError, write_text
from selavi.settings import MachineSettings, Section

S = TypeVar("S", bound=Section)
MAX_VALUES = 1_000_000  # in a file, with aliases expanded
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxlong = _SHORT.maxother = 200


def parse(raw: Any, model: type[S], source: str) -> S:
    """Check settings.

    Parameters
    ----------
    raw : Any
        Nested dicts, as YAML gives them.
    model : type of Section
        The section that they must match.
    source : str
        Where they are from, for errors.

    Raises
    ------
    UserError
        If they do not match; it names every wrong key, its value, and what would be right.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise UserError(f"{source}:\n" + "\n".join(_sentences(error, model))) from None


def read_section(path: Path, model: type[S]) -> S:
    """Read one section from a YAML file and check it. Raises UserError."""
    return parse(read_yaml(path), model, str(path))


def read_yaml(path: Path) -> Any:
    """Read a YAML or JSON file.

    Raises
    ------
    UserError
        If the file cannot be read or is not valid YAML. A duplicate key, of which YAML libraries
        silently take the last, is an error; so are aliases that expand to more than memory holds.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(refusal(error, path, "read")) from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        problem = "UTF-16" if wide else f"byte {error.start} is {content[error.start]:#x}"
        raise UserError(
            f"{path} is not UTF-8 text ({problem}); save it with the encoding UTF-8"
        ) from None
    if path.suffix == ".json":
        # YAML forbids tabs between tokens; in JSON they occur nowhere else.
        text = text.replace("\t", " ")
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        problem = _duplicate_key(loader, root)
        if not problem and _size(root, {}) > MAX_VALUES:
            problem = f"its aliases expand to more than {MAX_VALUES} values; write the values out"
        if not problem:
            return None if root is None else loader.construct_document(root)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: the 13th month, say
        raise UserError(f"{path} is not valid YAML: {error}") from None
    except RecursionError:
        raise UserError(
            f"{path} is nested too deeply; settings have no more than ten levels"
        ) from None
    raise UserError(f"{path}: {problem}")


def _duplicate_key(loader: yaml.SafeLoader, root: yaml.Node | None) -> str:
    """A sentence on the first duplicate key of a mapping, "" if there is none.

    Works on nodes: constructing values merges (`<<`) mappings into others.
    """
    nodes, seen = [root], set()
    while nodes:
        node = nodes.pop()
        if node is None or id(node) in seen:  # an alias is the same node
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
    """Number of values in a node with aliases expanded; infinite if it contains itself."""
    if node is None or id(node) in known:
        return known.get(id(node), 0)
    known[id(node)] = math.inf
    children: list[yaml.Node] = []
    if isinstance(node, yaml.SequenceNode):
        children = node.value
    elif isinstance(node, yaml.MappingNode):
        children = [child for pair in node.value for child in pair]
    known[id(node)] = 1 + sum(_size(child, known) for child in children)
    return known[id(node)]


def write_section(path: Path, section: Section) -> None:
    """Write a section with every default filled in, atomically."""
    write_text(path, section_text(section))


def section_text(section: Section, without: Collection[str] = ()) -> str:
    """A section as YAML, with every default filled in, without some of its keys."""
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
        if item["loc"][-1:] == ("[key]",):  # in `loc`, pydantic shows a name such as False as 0
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
    """What to write where YAML has read another type than was meant."""
    if kind == "string_type" and isinstance(value, bool):
        return '; YAML reads yes, no, on and off as true or false: put it in quotes, such as "no"'
    if kind == "string_type" and value is None:
        return "; YAML reads ~, null and an empty value as nothing: write a text"
    if kind == "string_type" and isinstance(value, int | float | datetime.date):
        read = "a date" if isinstance(value, datetime.date) else "a number"
        return f"; YAML reads it as {read}: put it in quotes, '{value}'"
    if kind == "string_pattern_mismatch" and re.search(r"[^A-Za-z0-9_/-]", value):
        name = re.sub(r"[^A-Za-z0-9_/-]+", "-", value).strip("-_/")
        rule = "; names have letters, digits, - and _"
        return f"{rule}: write {name!r}" if name else rule
    if kind in ("float_type", "int_type") and isinstance(value, str):
        return _number_remedy(value.strip().replace(",", "."))
    return ""


def _number_remedy(value: str) -> str:
    """How to write a number that YAML read as text."""
    number = re.fullmatch(r"([-+]?\d*\.?\d*)(?:[eE]([-+]?\d+))?", value)
    if not number or not any(c.isdigit() for c in number[1]):
        return ""
    if number[2] is None:
        return f"; it is text: write {value}, without quotes"
    mantissa = number[1] if "." in number[1] else f"{number[1]}.0"
    return f"; YAML reads it as text: write {mantissa}e{int(number[2]):+d}"


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
    """`Section | None` -> `Section`; anything else unchanged."""
    if isinstance(annotation, types.UnionType):
        return next(a for a in typing.get_args(annotation) if a is not type(None))
    return annotation
