"""Who may import whom: imports point down only."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "selavi"
LAYERS = [
    {"formulas", "disk", "stages"},
    {"files", "allocator", "progress"},
    {"settings", "batch", "logs", "compiled", "neighbours", "shortage", "user"},
    {"config_file", "rate_cache", "tensor_files"},
    {"engine"},
    {"cluster", "transforms", "models", "estimates"},
    {"clustering", "data", "labelling"},
    {"embedding", "training", "evaluation", "plan", "inventory"},
    {"label"},
    {"reporting", "preflight"},
    {"running"},
    {"commands"},
    {"cli"},
    {"__main__", "__init__"},
]
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}
MODULES = sorted(PACKAGE.rglob("*.py"))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module or "")
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_every_part_has_a_layer() -> None:
    assert {part_of(p) for p in MODULES} == set(LEVEL)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    here = part_of(path)
    for name in imported(path):
        parts = name.split(".")
        assert parts[0] != "snakemake", f"{path} imports snakemake"
        if parts[0] != "selavi" or len(parts) < 2 or parts[1] not in LEVEL or parts[1] == here:
            continue
        if (here, name) in {("cli", "selavi.commands")}:
            continue
        assert LEVEL[parts[1]] < LEVEL[here], f"{here} imports {name}"


@pytest.mark.parametrize("part", ["evaluation", "reporting"])
def test_results_are_judged_apart_from_training(part: str) -> None:
    for path in (PACKAGE / part).rglob("*.py"):
        assert not any(name.startswith("selavi.training") for name in imported(path)), path


def test_labelling_takes_tensors_and_loaders_as_arguments() -> None:
    for path in (PACKAGE / "labelling").rglob("*.py"):
        for forbidden in ("selavi.data", "selavi.training"):
            assert not any(name.startswith(forbidden) for name in imported(path)), path


def test_files_have_one_subject() -> None:
    root = PACKAGE.parent
    others = [
        path
        for folder in ("tests", "workflow", "benchmarks")
        for path in (root / folder).rglob("*")
        if path.suffix in (".py", ".smk")
    ]
    sizes = {str(p.relative_to(root)): len(p.read_text().splitlines()) for p in MODULES + others}
    assert not {name: n for name, n in sizes.items() if n > 300}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_every_opening_of_media_names_its_format(path: Path) -> None:
    """Or a playlist in a video's place would bring in other files. People's own files, whose
    formats are not known, are opened by `containers` alone, out of a list of formats."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "av.open":
            named = {keyword.arg for keyword in node.keywords}
            assert "format" in named or path.name == "containers.py", node.lineno


# ------------------------------------------------------------------------- docs/architecture.md

DOCUMENT = (PACKAGE.parent / "docs/architecture.md").read_text()
PARTS = DOCUMENT[DOCUMENT.index("## The package, file by file") :].partition("\n## ")[0]
EXAMPLES = {"selavi/data/sources/path_list.py", "selavi/evaluation/sizes.py",
            "selavi/commands/sizes.py"}  # fmt: skip


def test_the_document_has_the_layers() -> None:
    rows = re.findall(r"^\| +(\d+) \| (.*?) \|", DOCUMENT, re.MULTILINE)
    told = {int(number): set(re.findall(r"`(\w+)`", parts)) for number, parts in rows}
    assert told == dict(enumerate(LAYERS, 1))


def test_every_path_in_the_document_exists() -> None:
    named = set(re.findall(r"`((?:selavi|tests|workflow|docs|config)/[\w./-]*\w)`", DOCUMENT))
    assert len(named) > 20
    missing = {path for path in named if not (PACKAGE.parent / path).exists()}
    assert missing == EXAMPLES


def test_every_package_is_in_the_document() -> None:
    for folder in {path.parent for path in MODULES} - {PACKAGE, PACKAGE / "commands"}:
        assert f"{folder.name}/" in PARTS, folder


def test_every_module_is_in_the_document() -> None:
    words = set(re.findall(r"\w+", PARTS)) | set().union(*LAYERS)
    modules = {p.stem for p in MODULES if p.parent.name != "commands"} - {"__init__", "__main__"}
    assert modules - words == set()
