"""Run the tests marked `gpu` by pytest."""

import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

from gpu_parts.work import Row, Work

REPOSITORY = Path(__file__).parents[2]


def run(work: Work) -> None:
    """Report a row for each test that did not pass, and one with the counts."""
    files = [p for p in sorted((REPOSITORY / "tests").rglob("test_*.py")) if marked(p)]
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch, "report.xml")
        command = [
            sys.executable, "-m", "pytest", "-v", "-m", "gpu", "-p", "no:cacheprovider",
            f"--junitxml={report}", *map(str, files),
        ]  # fmt: skip
        log = Path(scratch, "log.txt")
        with log.open("w") as file:
            try:
                code = subprocess.run(
                    command, cwd=REPOSITORY, stdout=file, stderr=subprocess.STDOUT,
                    timeout=max(1, work.seconds - 5), check=False,
                ).returncode  # fmt: skip
            except subprocess.TimeoutExpired:
                code = -1
        output = log.read_text()
        if not report.exists():
            print(output[-6000:], flush=True)
            raise RuntimeError(f"pytest exited with {code}, or timed out")
        cases = list(ET.parse(report).iter("testcase"))
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for case in cases:
        row = outcome(case)
        counts[row["outcome"]] += 1
        if row["outcome"] != "passed":
            work.tell(row)
    work.tell(counts)
    if counts["failed"]:
        print(output[-6000:], flush=True)


def marked(path: Path) -> bool:
    """Whether a file has tests marked `gpu`."""
    return "mark.gpu" in path.read_text()


def outcome(case: ET.Element) -> Row:
    """Outcome of a test, with the reason if it did not pass."""
    row: Row = {"test": case.get("name", ""), "outcome": "passed"}
    for child in case:
        if child.tag in ("failure", "error", "skipped"):
            row["outcome"] = "skipped" if child.tag == "skipped" else "failed"
            row["reason"] = (child.get("message") or "").strip()[:300]
    return row
