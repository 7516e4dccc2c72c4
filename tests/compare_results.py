"""Compare the results of two runs of one configuration, file by file.

    python tests/compare_results.py ONE/results OTHER/results

Run one configuration before and after a change that is to change no result, with
`machine: {precision: float32}` and seeds as they are, and compare. Shards and tables have to be
the same bytes. Of a CSV columns of times are left out; weights have to be equal, whatever else
is in the file. Settings, pages, plots and costs are not compared. Exits with 1 if any file differs.
"""

import sys
from pathlib import Path

import pandas as pd
import torch

SKIPPED = {
    "settings", "benchmarks", "figures", "explorer", "events", "state", ".kept", ".shard_cache",
}  # fmt: skip
"""Folders whose files tell times or settings, or are drawn."""
TIMES = {"clips_per_second", "seconds", "peak_memory"}


def files_in(folder: Path) -> set[str]:
    """Files that are compared, by their path below the folder of results."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file()
        and not SKIPPED & set(path.relative_to(folder).parts)
        and path.suffix in (".tar", ".csv", ".pkl", ".pt")
        and path.name != "costs.csv"
    }


def difference(one: Path, other: Path) -> str:
    """How two files differ; "" if they do not."""
    if one.read_bytes() == other.read_bytes():
        return ""
    if one.suffix == ".csv":
        tables = [pd.read_csv(path, dtype=str, keep_default_na=False) for path in (one, other)]
        tables = [table.drop(columns=TIMES & set(table)) for table in tables]
        if list(tables[0]) != list(tables[1]):
            only = set(tables[0]) ^ set(tables[1])
            return f"columns differ: {', '.join(sorted(only)) or 'their order'}"
        if len(tables[0]) != len(tables[1]):
            return f"{len(tables[0])} rows and {len(tables[1])}"
        unequal = [name for name in tables[0] if not tables[0][name].equals(tables[1][name])]
        return f"values differ in {', '.join(unequal)}" if unequal else ""
    if one.suffix == ".pt":
        weights = [torch.load(path, weights_only=True)["weights"] for path in (one, other)]
        same = weights[0].keys() == weights[1].keys() and all(
            torch.equal(tensor, weights[1][name]) for name, tensor in weights[0].items()
        )
        return "" if same else "weights differ"
    return "bytes differ"


def main(one: Path, other: Path) -> int:
    """Print each difference. Returns 1 if there is any, else 0."""
    names = files_in(one), files_in(other)
    found = [f"{name}: only in one of them" for name in sorted(names[0] ^ names[1])]
    both = sorted(names[0] & names[1])
    for name in both:
        if words := difference(one / name, other / name):
            found.append(f"{name}: {words}")
    print("\n".join([*found, f"{len(both)} files in both, {len(found)} differences"]))
    return int(bool(found) or not both)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
