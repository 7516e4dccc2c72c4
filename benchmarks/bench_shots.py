"""Precision and recall of the scene changes that `selavi label --shots` cuts at.

python benchmarks/bench_shots.py FOLDER

Joins pieces of the folder's videos, which should have no scene changes of their own, by cuts,
dissolves and fades through black, encodes them, and compares what is found with where they were
joined.
"""

import argparse
import json
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from selavi.data.media.containers import open_container
from selavi.data.media.ffmpeg import ffmpeg_binary
from selavi.data.media.shots import shots
from selavi.data.media.timeline import Segment

WIDTH, HEIGHT, FPS = 320, 180, 25
CLIP_SECONDS, LEAST_SECONDS, MOST_SECONDS = 10, 1.5, 4.0
SEED = 100
TRANSITIONS = {"cut": 0.0, "dissolve of 0.5 s": 0.5, "dissolve of 1 s": 1.0, "through black": 1.0}
CUT_SECONDS, GRADUAL_SECONDS = 0.1, 0.5  # by which a time may be beside a transition


def load(path: Path) -> np.ndarray:
    """The first seconds of a video at a constant rate: (T, height, width, 3) uint8."""
    frames, due = [], 0
    with open_container(path) as container:
        for frame in container.decode(video=0):
            while due <= (frame.time or 0) * FPS:
                frames.append(frame.to_ndarray(width=WIDTH, height=HEIGHT, format="rgb24"))
                due += 1
            if due > CLIP_SECONDS * FPS:
                break
    return np.stack(frames)


def film(
    clips: list[np.ndarray], pieces: int, transition: str, rng: np.random.Generator
) -> tuple[list[np.ndarray], list[tuple[float, float]]]:
    """Join pieces; the frames, and when each transition begins and ends, in seconds."""
    length = round(TRANSITIONS[transition] * FPS)
    frames: list[np.ndarray] = []
    changes, last = [], -1
    for _ in range(pieces):
        last = int(rng.choice([n for n in range(len(clips)) if n != last]))
        count = round(rng.uniform(LEAST_SECONDS, MOST_SECONDS) * FPS)
        count = min(count, len(clips[last]))
        start = int(rng.integers(len(clips[last]) - count + 1))
        piece = list(clips[last][start : start + count])
        if not frames:
            frames = piece
            continue
        tail, head = frames[len(frames) - length :], piece[:length]
        changes.append(((len(frames) - length) / FPS, len(frames) / FPS))
        frames = frames[: len(frames) - length] + list(_mixed(tail, head, transition))
        frames += piece[length:]
    return frames, changes


def _mixed(tail: list[np.ndarray], head: list[np.ndarray], transition: str) -> Iterator[np.ndarray]:
    for n, (old, new) in enumerate(zip(tail, head, strict=True)):
        share = (n + 1) / (len(tail) + 1)
        if transition == "through black":
            part, frame = abs(1 - 2 * share), (old if share < 0.5 else new)
            yield (frame * part).astype(np.uint8)
        else:
            yield (old * (1 - share) + new * share).astype(np.uint8)


def write(path: Path, frames: list[np.ndarray]) -> None:
    """Encode frames as H.264 at the quality of videos on the web."""
    with av.open(str(path), "w") as target:
        stream = target.add_stream("libx264", rate=Fraction(FPS))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.options = {"crf": "28", "preset": "veryfast"}
        for frame in frames:
            target.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        target.mux(stream.encode(None))


def scdet(source: Segment) -> list[float]:
    """The rival: ffmpeg's filter alone, as it is set by default."""
    filters = "scdet,metadata=print:key=lavfi.scd.time:file=-"
    command = [ffmpeg_binary(), "-v", "error", "-threads", "1", "-i", str(source.path)]
    command += ["-vf", filters, "-f", "null", "-"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [float(time) for time in re.findall(r"lavfi.scd.time=(\S+)", out)]


def compare(found: list[float], changes: list[tuple[float, float]]) -> tuple[int, int]:
    """How many changes were found, and how many of those found are none."""
    near = [
        [
            min(abs(time - start), abs(time - end))
            <= (GRADUAL_SECONDS if end > start else CUT_SECONDS)
            or start <= time <= end
            for start, end in changes
        ]
        for time in found
    ]
    hits = sum(any(row[n] for row in near) for n in range(len(changes)))
    return hits, sum(not any(row) for row in near)


def main() -> None:
    """Print a table, and all of it as JSON in the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--films", type=int, default=4)
    parser.add_argument("--pieces", type=int, default=16)
    options = parser.parse_args()
    paths = sorted(path for path in options.folder.iterdir() if path.is_file())
    clips = [clip for clip in map(load, paths) if len(clip) > LEAST_SECONDS * FPS]
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for transition in TRANSITIONS:
            made, seconds = [], 0.0
            for number in range(options.films):
                rng = np.random.default_rng(SEED + number)
                frames, changes = film(clips, options.pieces, transition, rng)
                path = Path(scratch, f"{transition}-{number}.mp4")
                write(path, frames)
                made.append((path, changes))
                seconds += len(frames) / FPS
            for method in (shots, scdet):
                begun = time.perf_counter()
                results = [compare(method(Segment(p)), changes) for p, changes in made]
                took = time.perf_counter() - begun
                hits, false = (sum(values) for values in zip(*results, strict=True))
                total = sum(len(changes) for _, changes in made)
                row = {
                    "transition": transition, "method": method.__name__, "changes": total,
                    "recall": hits / total, "precision": hits / max(1, hits + false),
                    "speed": seconds / took,
                }  # fmt: skip
                rows.append(row)
                print(
                    "{transition:18} {method:6} recall {recall:.2f}, precision {precision:.2f} of "
                    "{changes} changes, {speed:.0f} x real time".format(**row),
                    flush=True,
                )
    print(json.dumps({"benchmark": "shots", "clips": len(clips), "rows": rows}))


if __name__ == "__main__":
    main()
