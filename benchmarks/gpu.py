"""What one GPU makes of the paper's training, in nine minutes: run it first where one is at hand.

Parts, the most telling first: the training step of the paper's networks (R(2+1)D-18 and ResNet-9,
ten heads of 309 clusters, clips of 30 x 112 x 112 and 257 x 99) in float32, TF32 and bfloat16,
channels last, and other ways; batch sizes until memory ends; a profile of the fastest; the loader
and the trainer on shards of videos made here; the tests marked `gpu`; CUDA graphs and
torch.compile; Sinkhorn-Knopp against the CPU and POT; resuming bit for bit. The floor is the step's
FLOPs, counted by PyTorch, at the rate of a large matrix product of the same precision here.

Each part is a process with a time limit of its own: one that fails, hangs or spoils the GPU says
why, and the next begins. Figures are printed as they come, and as tables and JSON at the end.

    python benchmarks/gpu.py [--minutes 9] [--parts steps,profile] [--small]

Without a GPU, the small form runs: tiny shapes, to see that every part works.
"""

import argparse
import json
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from gpu_parts.work import Row, Work, fastest_of, speed_of, why

PARTS = {  # name: where, and seconds that it may take
    "device": ("gpu_parts.work:about", 40),
    "steps": ("gpu_parts.steps:run_variants", 130),
    "batches": ("gpu_parts.steps:run_batches", 75),
    "profile": ("gpu_parts.profile:run", 45),
    "loader": ("gpu_parts.loading:run", 110),
    "tests": ("gpu_parts.tests:run", 110),
    "graphs": ("gpu_parts.steps:run_graphs", 40),
    "compiled": ("gpu_parts.steps:run_compiled", 140),
    "sinkhorn": ("gpu_parts.solving:run", 75),
    "again": ("gpu_parts.again:run", 60),
}
TARGET = 600.0  # clips/s of the full step on an H100
OFFERED = ("bfloat16", "bfloat16, channels last", "bfloat16, channels last, compiled")
PAPER_CLIPS, PAPER_EPOCHS = 170_752, 200
FORK = multiprocessing.get_context("forkserver")


def main() -> None:
    """Run the parts within the time given; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=9.0, help="for all parts together")
    parser.add_argument("--parts", default=",".join(PARTS), help="some of: " + ", ".join(PARTS))
    parser.add_argument("--small", action="store_true", help="tiny shapes, to see that all works")
    options = parser.parse_args()
    names = ["device", *(name for name in options.parts.split(",") if name != "device")]
    if unknown := set(names) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    small = options.small or not torch.cuda.is_available()
    # The server imports and stays off the GPU: what is forked from it may use it.
    FORK.set_forkserver_preload(["torch", "selavi.training.loop", "selavi.labelling.sinkhorn"])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # and so end what was started
    end = time.monotonic() + 60 * options.minutes
    found: dict[str, list[Row]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            # Limits are a GPU's: a busy CPU may take longer over tiny shapes.
            left = min(PARTS[name][1] * (5 if small else 1), end - time.monotonic())
            found[name] = run_part(name, left, small, Path(folder), found)
    for name, rows in found.items():
        print(f"\n{name}\n{table(rows)}")
    print(json.dumps(summary(found, small)))


def run_part(
    name: str, seconds: float, small: bool, folder: Path, earlier: dict[str, list[Row]]
) -> list[Row]:
    """What a part told of before its time was over, and an error if it did not end well."""
    print(f"\n== {name}, at most {max(0, seconds):.0f} s", flush=True)
    if seconds < 5:
        return [{"error": "no time left"}]
    ours, theirs = FORK.Pipe()
    process = FORK.Process(target=work_on, args=(name, seconds, small, folder, earlier, theirs))
    process.start()
    theirs.close()
    started, rows = time.monotonic(), []
    try:
        while True:
            if not ours.poll(max(0.0, started + seconds - time.monotonic())):
                row = {"error": f"took longer than {seconds:.0f} s"}
            else:
                row = ours.recv()
            if row is None:
                process.join(5)
                break
            rows.append(row)
            print("  " + words(row), flush=True)
            if "took longer" in row.get("error", ""):
                break
    except EOFError:
        process.join(1)
        rows.append({"error": f"ended with code {process.exitcode}"})
        print("  " + words(rows[-1]), flush=True)
    finally:
        process.kill()
        end_group(process.pid)
        process.join()
    print(f"  {time.monotonic() - started:.0f} s", flush=True)
    return rows


def end_group(leader: int) -> None:
    """End what a part has started: loaders, compilers, pytest; itself, if it still runs."""
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def work_on(
    name: str,
    seconds: float,
    small: bool,
    folder: Path,
    earlier: dict[str, list[Row]],
    pipe: Connection,
) -> None:
    """A part's process: rows go through the pipe as they are there, then None."""
    os.setsid()  # a group of its own, which ends with it
    if small:
        torch.set_num_threads(1)
    module, _, function = PARTS[name][0].partition(":")
    try:
        work = Work(small, seconds, folder, pipe.send, earlier)
        getattr(import_module(module), function)(work)
    except Exception as error:  # the next part may do
        sys.excepthook(type(error), error, error.__traceback__)
        pipe.send({"error": why(error)})
    pipe.send(None)


def words(row: Row) -> str:
    """A row in a line."""
    return ", ".join(f"{key} {value}" for key, value in row.items() if value is not None)


def table(rows: list[Row]) -> str:
    """Rows as Markdown, one table for each set of columns."""
    lines, before = [], None
    for row in rows:
        columns = [key for key in row if key != "out_of_memory"]
        if columns != before:
            lines += ["", "| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
            before = columns
        lines.append("| " + " | ".join(str(row[key]) for key in columns) + " |")
    return "\n".join(lines[1:])


def summary(found: dict[str, list[Row]], small: bool) -> Row:
    """The JSON object: the fastest step against the plain one, its floor and the aim."""
    timed = [row for rows in found.values() for row in rows if speed_of(row)]
    best = fastest_of(timed)
    offered = fastest_of([row for row in timed if row["variant"] in OFFERED])
    plain = next((row for row in timed if row["variant"] == "float32"), {})
    speed = speed_of(best)
    trained = [row["training_clips_per_second"] for row in found.get("loader", [])
               if "training_clips_per_second" in row]  # fmt: skip
    days = PAPER_CLIPS * PAPER_EPOCHS / speed / 86_400 if speed and not small else None
    print(
        f"\nfastest: {words(best) or 'none'}\nof what settings offer: {words(offered) or 'none'}\n"
        f"aim, on an H100: {TARGET:.0f} clips/s; here {speed:.1f}"
        + (" of the tiny shapes, which says nothing of it" if small else "")
    )
    return {
        "benchmark": "gpu",
        "ratio": round(speed / speed_of(plain), 2) if plain else None,
        "against": "the plain step: float32 without TF32, contiguous",
        "floor_ratio": best.get("times_floor"),
        "floor": "the step's FLOPs at the rate of a large matrix product in its precision",
        "ours": best.get("variant"),
        "small": small,
        "clips_per_second": speed,
        "offered_clips_per_second": speed_of(offered),
        "trainer_clips_per_second": max(trained, default=None),
        "target": TARGET,
        "reached": None if small else speed >= TARGET,
        "paper_days": round(days, 2) if days else None,
        "parts": found,
    }


if __name__ == "__main__":
    main()
