"""Manifest and index of a dataset of 250,000 videos: seconds, and the memory of each stage.

The floor of the manifest is os.walk over the same folder; that of the index, reading and writing
the same rows with pandas.
"""

import json
import multiprocessing
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from selavi.data.index import write_index
from selavi.data.manifest import write_manifest
from selavi.data.schema import SHARD_TABLE, read_index, read_manifest
from selavi.data.sources.folder import Folder

VIDEOS, CLASSES, SHARDS, ROUNDS = 250_000, 400, 256, 3
SIZES = {
    "width": 170, "height": 128, "frames": 300, "fps": 30.0, "samples": 240_000, "rate": 24_000,
    "video_offset": 123_456_789, "video_size": 100_000, "audio_offset": 987_654_321,
    "audio_size": 480_044,
}  # fmt: skip


def in_process(task: Callable[..., object], *arguments: object) -> tuple[float, float]:
    """Seconds and peak memory, in MiB, of a task in its own process."""
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)

    def body() -> None:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.perf_counter()
        task(*arguments)
        seconds = time.perf_counter() - started
        send.send((seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024))

    process = context.Process(target=body)
    process.start()
    process.join()
    assert process.exitcode == 0
    return receive.recv()


def median(task: Callable[..., object], *arguments: object) -> tuple[float, float]:
    """Medians of seconds and MiB over several runs."""
    runs = [in_process(task, *arguments) for _ in range(ROUNDS)]
    return statistics.median(r[0] for r in runs), statistics.median(r[1] for r in runs)


def walk(folder: Path) -> int:
    """The floor of a manifest."""
    return sum(len(files) for _, _, files in os.walk(folder))


def copy_rows(tables: list[Path], output: Path) -> None:
    """The floor of an index."""
    pd.concat([pd.read_csv(t) for t in tables]).to_csv(output, index=False)


def make_tables(manifest: Path, folder: Path) -> list[Path]:
    """The shards' tables as the stage shard writes them."""
    rows = read_manifest(manifest).assign(**SIZES)
    paths = []
    for shard, shard_rows in rows.groupby("shard"):
        paths.append(folder / f"{shard:05d}.csv")
        shard_rows.reindex(columns=SHARD_TABLE).to_csv(paths[-1], index=False, quoting=2)
    return paths


def main() -> None:
    """Time both stages on empty files and print the medians."""
    with tempfile.TemporaryDirectory() as name:
        root, videos = Path(name), Path(name, "videos")
        for c in range(CLASSES):
            (videos / f"class {c}").mkdir(parents=True)
        for n in range(VIDEOS):
            (videos / f"class {n % CLASSES}" / f"video_{n:07d}.mp4").touch()
        outputs = [root / f"{n}.csv" for n in ("index", "rejected", "summary")]
        bare, _ = median(walk, videos)
        listed, listed_mib = median(write_manifest, Folder(videos), SHARDS, root / "m.csv")
        tables = make_tables(root / "m.csv", root)
        copied, _ = median(copy_rows, tables, root / "copy.csv")
        indexed, indexed_mib = median(write_index, tables, *outputs)
        read, read_mib = median(read_index, outputs[0])
    print(f"{VIDEOS} videos, {SHARDS} shards; medians of {ROUNDS}:")
    print(f"  walk the folder   {bare:6.2f} s")
    print(f"  manifest          {listed:6.2f} s, {listed_mib:5.0f} MiB")
    print(f"  pandas copies     {copied:6.2f} s")
    print(f"  index             {indexed:6.2f} s, {indexed_mib:5.0f} MiB")
    print(f"  read the index    {read:6.2f} s, {read_mib:5.0f} MiB")
    print(
        json.dumps(
            {
                "benchmark": "tables",
                "ratio": round(copied / indexed, 3),
                "against": "pandas reading and writing the same rows",
                "floor_ratio": round(indexed / copied, 3),
                "manifest_seconds": round(listed, 2),
                "manifest_floor_ratio": round(listed / bare, 2),
                "index_seconds": round(indexed, 2),
                "mib": {"manifest": round(listed_mib), "index": round(indexed_mib)},
            }
        )
    )


if __name__ == "__main__":
    main()
