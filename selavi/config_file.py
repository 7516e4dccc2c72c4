"""Read settings from YAML and write them; errors name the key, its value and the remedy."""

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
    """Check raw settings against a model.

    Parameters
    ----------
    raw : Any
        Settings as YAML gives them: nested mappings.
    model : type[Section]
        The section that they should fit.
    source : str
        Where they are from; begins the error message.

    Returns
    -------
    Section
        The checked settings with all defaults.

    Raises
    ------
    UserError
        For each wrong key: its value, and what is allowed.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise UserError(f"{source}:\n" + "\n".join(_sentences(error, model))) from None


def read_section(path: Path, model: type[S]) -> S:
    """Read a section from a YAML file and check it.

    Parameters
    ----------
    path : Path
        The file.
    model : type[Section]
        The section.

    Returns
    -------
    Section
        The checked settings with all defaults.

    Raises
    ------
    UserError
        If the file cannot be read or a key is wrong.
    """
    return parse(read_yaml(path), model, str(path))


def read_yaml(path: Path) -> Any:
    """Read a YAML or JSON file.

    A key that is given twice is an error; YAML libraries use the last one without a word. So are
    aliases that expand to more values than fit in memory.

    Parameters
    ----------
    path : Path
        The file, in UTF-8.

    Returns
    -------
    Any
        Its content; None if it is empty.

    Raises
    ------
    UserError
        If the file cannot be read or is not valid; the message names the file.
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
        raise UserError(f"{path} is not UTF-8 text ({found}); save it in UTF-8") from None
    if path.suffix == ".json":
        text = text.replace("\t", " ")  # between JSON's tokens only, where YAML takes none
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        problem = _given_twice(loader, root)
        if not problem and _size(root, {}) > MOST_VALUES:
            problem = (
                f"its aliases expand to more than {MOST_VALUES} values; write the values themselves"
            )
        if not problem:
            return None if root is None else loader.construct_document(root)
    except (yaml.YAMLError, ValueError) as error:  # ValueError: the 13th month, say
        raise UserError(f"{path} is not valid YAML: {error}") from None
    except RecursionError:
        raise UserError(f"{path} is nested too deeply; settings have at most ten levels") from None
    raise UserError(f"{path}: {problem}")


def _given_twice(loader: yaml.SafeLoader, root: yaml.Node | None) -> str:
    """Report the first key that a mapping has twice; "" if there is none.

    This is checked before values are constructed, since merging (`<<`) changes mappings.
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
    """Count a node's values, an alias at each of its places; infinite if it contains itself."""
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
    """Write a section with all defaults to a YAML file, atomically.

    Parameters
    ----------
    path : Path
        The file.
    section : Section
        The settings.
    """
    write_text(path, section_text(section))


def section_text(section: Section, without: Collection[str] = ()) -> str:
    """Format a section with all defaults as YAML.

    Parameters
    ----------
    section : Section
        The settings.
    without : collection of str
        Keys of the section to omit.

    Returns
    -------
    str
        The text.
    """
    return yaml.safe_dump(section.model_dump(mode="json", exclude=set(without)), sort_keys=False)


def _sentences(error: ValidationError, model: type[BaseModel]) -> list[str]:
    lines = []
    errors = error.errors(include_url=False)
    machine = [item["loc"] for item in errors if item["loc"][:1] == ("machine",)]
    defaults = [item["loc"][1:] for item in errors if item["loc"][:1] == ("defaults",)]
    for item in errors:
        section = item["loc"][:1]
        if section == ("runs",) and item["loc"][2:] in machine + defaults:
            continue  # inherited: reported once, at its origin
        if section in (("retrieval",), ("finetune",)) and item["loc"][1:] in machine:
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
        return "a number with thousands of digits"


def _remedy(kind: str, value: Any) -> str:
    """Say what to write instead of a value that YAML reads as another type."""
    if kind == "string_type" and isinstance(value, bool):
        words = "; YAML reads yes, no, on, off, true and false as booleans"
        return f'{words}: put it in quotes, such as "no"'
    if kind == "string_type" and value is None:
        return "; YAML reads ~, null and an empty value as null: write a text"
    if kind == "string_type" and isinstance(value, int | float | datetime.date):
        read = "a date" if isinstance(value, datetime.date) else "a number"
        return f"; YAML reads {read}: put it in quotes, '{value}'"
    if kind == "string_pattern_mismatch" and re.search(r"[^A-Za-z0-9_/-]", value):
        name = re.sub(r"[^A-Za-z0-9_/-]+", "-", value).strip("-_/")
        words = "; names consist of letters, digits, - and _"
        return f"{words}: write {name!r}" if name else words
    if kind in ("float_type", "int_type") and isinstance(value, str):
        return _number_remedy(value.strip().replace(",", "."))
    return ""


def _number_remedy(value: str) -> str:
    """Say how to write a number that YAML reads as text."""
    number = re.fullmatch(r"([-+]?\d*\.?\d*)(?:[eE]([-+]?\d+))?", value)
    if not number or not any(c.isdigit() for c in number[1]):
        return ""
    if number[2] is None:
        return f"; this is text: write {value}, without quotes"
    mantissa = number[1] if "." in number[1] else f"{number[1]}.0"
    return f"; YAML reads this as text: write {mantissa}e{int(number[2]):+d}"


def _nearest(loc: tuple[int | str, ...], model: type[BaseModel]) -> str:
    key, known = str(loc[-1]), _keys(model, loc[:-1])
    if key in MachineSettings.model_fields:
        return f"; did you mean 'machine.{key}'?"
    if key == "machine":
        return "; it belongs at the top level, in a run, in retrieval or in finetune"
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
