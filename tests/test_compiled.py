"""Compiled loops: kept on disk where that is possible, threads that change nothing."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from selavi.compiled import compiled, in_threads

LOOP = """
def add(first, last):
    total = 0
    for n in range(first, last):
        total += n
    return total
"""


def test_a_loop_with_no_place_to_be_kept_is_compiled_all_the_same() -> None:
    """As where neither the package's folder nor the user's cache can be written."""
    space: dict[str, object] = {}
    exec(compile(LOOP, "<no file>", "exec"), space)
    assert compiled(space["add"])(0, 5) == 10  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_second_process_finds_the_machine_code(tmp_path: Path) -> None:
    script = (
        "from selavi.labelling.sinkhorn.solver import cholesky_solve as solve; import numpy as np; "
        "solve(np.eye(2), np.ones(2)); print(sum(solve.stats.cache_hits.values()))"
    )
    environment = {"NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": ":".join(sys.path)}
    hits = [
        subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True,
            check=True,
        ).stdout.strip()
        for _ in range(2)
    ]  # fmt: skip
    assert hits == ["0", "1"]


@pytest.mark.parametrize("rows", [0, 1, 7, 1000])
def test_shares_cover_all_rows_in_order(rows: int) -> None:
    threads = torch.get_num_threads()
    try:
        for count in (1, 2, 5):
            torch.set_num_threads(count)
            shares = in_threads(lambda first, last: list(range(first, last)), rows)
            assert [n for share in shares for n in share] == list(range(rows))
    finally:
        torch.set_num_threads(threads)
