"""Measure the paper's training on one GPU, in nine minutes.

Parts, the most informative first: the training step of the paper's networks (R(2+1)D-18 and
ResNet-9, ten heads of 309 clusters, clips of 30 x 112 x 112 and 257 x 99) in float32, TF32 and
bfloat16, channels last and other variants; batch sizes up to the memory; a profile of the fastest
variant; the loader and the trainer on shards of videos made here; the tests marked `gpu`; CUDA
graphs and torch.compile; Sinkhorn-Knopp compared with the CPU and POT; bitwise reproducibility. The
floor is the step's FLOPs, counted by PyTorch, at the measured rate of a large matrix product of the
same precision.

Each part runs in its own process with a time limit: if one fails, hangs or breaks the GPU, it
reports the error and the next part starts. Rows are printed as they are measured, and as tables and
JSON at the end.

    python benchmarks/gpu.py [--minutes 9] [--parts steps,profile] [--small]

Without a GPU, all parts run on tiny shapes, as a smoke test (`--small`).
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

PARTS = {  # name: function, and time limit in seconds
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
    """Run the parts within the time limit; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=9.0, help="time limit (default: 9)")
    parser.add_argument("--parts", default=",".join(PARTS), help="from: " + ", ".join(PARTS))
    parser.add_argument("--small", action="store_true", help="use tiny shapes, as a smoke test")
    options = parser.parse_args()
    names = ["device", *(name for name in options.parts.split(",") if name != "device")]
    if unknown := set(names) - set(PARTS):
        parser.error(f"unknown part: {', '.join(sorted(unknown))}; use some of {', '.join(PARTS)}")
    small = options.small or not torch.cuda.is_available()
    # The server must not touch the GPU: only then can forked processes use it.
    FORK.set_forkserver_preload(["torch", "selavi.training.loop", "selavi.labelling.sinkhorn"])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # runs `finally`, which ends the parts
    end = time.monotonic() + 60 * options.minutes
    results: dict[str, list[Row]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            # The limits are for a GPU; a busy CPU may need more, even for tiny shapes.
            limit = min(PARTS[name][1] * (5 if small else 1), end - time.monotonic())
            results[name] = run_part(name, limit, small, Path(folder), results)
    for name, rows in results.items():
        print(f"\n{name}\n{table(rows)}")
    print(json.dumps(summary(results, small)))


def run_part(
    name: str, seconds: float, small: bool, folder: Path, earlier: dict[str, list[Row]]
) -> list[Row]:
    """Run a part; return its rows, and an error row if it failed or took too long."""
    print(f"\n== {name}, at most {max(0, seconds):.0f} s", flush=True)
    if seconds < 5:
        return [{"error": "no time left"}]
    receiver, sender = FORK.Pipe()
    process = FORK.Process(target=work_on, args=(name, seconds, small, folder, earlier, sender))
    process.start()
    sender.close()
    started, rows = time.monotonic(), []
    try:
        while True:
            if not receiver.poll(max(0.0, started + seconds - time.monotonic())):
                row = {"error": f"took longer than {seconds:.0f} s"}
            else:
                row = receiver.recv()
            if row is None:
                process.join(5)
                break
            rows.append(row)
            print("  " + line(row), flush=True)
            if "took longer" in row.get("error", ""):
                break
    except EOFError:
        process.join(1)
        rows.append({"error": f"ended with code {process.exitcode}"})
        print("  " + line(rows[-1]), flush=True)
    finally:
        process.kill()
        end_group(process.pid)
        process.join()
    print(f"  {time.monotonic() - started:.0f} s", flush=True)
    return rows


def end_group(leader: int) -> None:
    """Kill a part and all that it started: loaders, compilers, pytest."""
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
    """The process of a part: sends its rows through the pipe, then None."""
    os.setsid()  # its own process group, for `end_group`
    if small:
        torch.set_num_threads(1)
    module, _, function = PARTS[name][0].partition(":")
    try:
        work = Work(small, seconds, folder, pipe.send, earlier)
        getattr(import_module(module), function)(work)
    except Exception as error:  # reported; the next part may work
        sys.excepthook(type(error), error, error.__traceback__)
        pipe.send({"error": why(error)})
    pipe.send(None)


def line(row: Row) -> str:
    """A row as one line of text."""
    return ", ".join(f"{key} {value}" for key, value in row.items() if value is not None)


def table(rows: list[Row]) -> str:
    """Rows as Markdown, with a new table when the columns change."""
    lines, before = [], None
    for row in rows:
        columns = [key for key in row if key != "out_of_memory"]
        if columns != before:
            lines += ["", "| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
            before = columns
        lines.append("| " + " | ".join(str(row[key]) for key in columns) + " |")
    return "\n".join(lines[1:])


def summary(results: dict[str, list[Row]], small: bool) -> Row:
    """The JSON object: the fastest step, the plain one, the floor and the target."""
    timed = [row for rows in results.values() for row in rows if speed_of(row)]
    best = fastest_of(timed)
    offered = fastest_of([row for row in timed if row["variant"] in OFFERED])
    plain = next((row for row in timed if row["variant"] == "float32"), {})
    speed = speed_of(best)
    trained = [row["training_clips_per_second"] for row in results.get("loader", [])
               if "training_clips_per_second" in row]  # fmt: skip
    days = PAPER_CLIPS * PAPER_EPOCHS / speed / 86_400 if speed and not small else None
    print(
        f"\nfastest: {line(best) or 'none'}\nfastest by settings: {line(offered) or 'none'}\n"
        f"target, on an H100: {TARGET:.0f} clips/s; measured {speed:.1f}"
        + (" with tiny shapes, so not comparable" if small else "")
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
        "parts": results,
    }


if __name__ == "__main__":
    main()
