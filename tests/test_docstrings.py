"""Docstrings as numpydoc parses them: sections, names, types, descriptions."""

import ast
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from numpydoc.docscrape import NumpyDocString

PACKAGE = Path(__file__).parent.parent / "selavi"
MODULES = sorted(PACKAGE.rglob("*.py"))
Documented = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
NAMED = ("Parameters", "Attributes")  # each entry has a name; of the sections below, perhaps not
RESULTS = ("Returns", "Yields", "Raises", "Warns")
UNDERLINED = re.compile(r"^(\w[\w ]*)\n(-+)$", re.MULTILINE)
PLAIN_SECTION = re.compile(r"^(Args|Arguments|Parameters|Returns|Raises|Yields):", re.MULTILINE)


def documented(body: list[ast.stmt], parent: str = "") -> Iterator[tuple[str, Documented]]:
    """Classes, functions and methods that have a docstring, and their names."""
    for node in body:
        if not isinstance(node, Documented):
            continue
        if ast.get_docstring(node):
            yield parent + node.name, node
        if isinstance(node, ast.ClassDef):
            yield from documented(node.body, f"{parent}{node.name}.")


def arguments(node: Documented) -> list[str]:
    """Names as numpydoc wants them; a class is called as its __init__, if it has one."""
    if isinstance(node, ast.ClassDef):
        made = [n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == "__init__"]
        if not made:
            return [
                n.target.id
                for n in node.body
                if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)
            ]
        node = made[0]
    given = node.args
    names = [a.arg for a in (*given.posonlyargs, *given.args)]
    names += [f"*{given.vararg.arg}"] if given.vararg else []
    names += [a.arg for a in given.kwonlyargs]
    names += [f"**{given.kwarg.arg}"] if given.kwarg else []
    return [name for name in names if name not in ("self", "cls")]


def faults(node: Documented) -> list[str]:
    """What is wrong with a docstring."""
    text = ast.get_docstring(node) or ""
    found = [f"`{m[1]}:` is not a section" for m in PLAIN_SECTION.finditer(text)]
    found += [f"underline of {m[1]}" for m in UNDERLINED.finditer(text) if len(m[1]) != len(m[2])]
    try:
        parsed = NumpyDocString(text)
    except ValueError as error:
        return [*found, str(error)]
    for section in (m[1] for m in UNDERLINED.finditer(text)):
        if section not in parsed.sections:
            found.append(f"numpydoc knows no section {section}")
    names = [name for p in parsed["Parameters"] for name in p.name.split(", ")]
    if names and names != arguments(node):
        found.append(f"Parameters has {names}, the signature {arguments(node)}")
    for section in NAMED:
        for entry in parsed[section]:
            starred = entry.name.startswith("*")  # `**options` needs no type
            if not starred and not entry.type:
                found.append(f"{section}: {entry.name} has no type")
            found += described(section, entry.name, entry.type, entry.desc)
    for section in RESULTS:
        for entry in parsed[section]:
            found += described(section, entry.name, entry.type, entry.desc)
    return found


def described(section: str, name: str, kind: str, lines: list[str]) -> list[str]:
    """`name : type` alone on its line; what it means on the next."""
    found = []
    if not "".join(lines).strip():
        found.append(f"{section}: {name or kind} has no description")
    if any(" : " in part for part in (name, kind)) or any(re.match(r"\w+ : ", x) for x in lines):
        found.append(f"{section}: {name or kind}: two entries on a line")
    if re.search(r"[.;] |\.$", kind) or (
        section == "Raises" and not re.fullmatch(r"[\w., ]+", kind)
    ):
        found.append(f"{section}: {kind!r} is a sentence where a type is due")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_docstrings_are_numpydocs(path: Path) -> None:
    found = [
        f"{path.name}:{node.lineno} {name}: {fault}"
        for name, node in documented(ast.parse(path.read_text()).body)
        for fault in faults(node)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ("Parameters\n----------\na : int\n    A.\n*b : int\n    B.", None),
        ("Parameters\n----------\na : int\n    A.", "the signature ['a', '*b']"),
        ("Parameters\n----------\nb : int\n    B.\n*a\n    A.", "the signature ['a', '*b']"),
        ("Parameters\n----------\na\n    A.\n*b\n    B.", "a has no type"),
        ("Parameters\n----------\na : int\n*b\n    B.", "a has no description"),
        ("Parameters\n----------\na : how many; at least 1.\n*b\n    B.", "a sentence"),
        ("Parameters\n----------\na : int b : str\n    B.", "two entries on a line"),
        ("Returns\n-------\nThe sum. It is large.", "has no description"),
        ("Raises\n------\nUserError if it is wrong", "has no description"),
        ("Returns\n----\nint\n    A.", "underline of Returns"),
        ("Parametres\n----------\na : int\n    A.", "numpydoc knows no section"),
        ("Args:\n    a: a number.", "is not a section"),
    ],
)
@pytest.mark.filterwarnings("ignore:Unknown section")
def test_a_fault_of_a_docstring_is_found(sections: str, said: str | None) -> None:
    text = textwrap.indent(f""""\"\"\"Do.\n\n{sections}\n\"\"\"""", "    ")
    [(_, node)] = documented(ast.parse(f"def do(a, *b):\n{text}").body)
    found = "\n".join(faults(node))
    assert said in found if said else not found
