"""Clips per second of the loader, at the paper's settings and with two workers.

Compared with usual research code (open the original video, seek, decode one second, convert and
resize whole frames as floats, run ffmpeg for the audio), and with the floor: decoding the same
video packets, nothing else. Rounds are interleaved; results are medians.

    python benchmarks/bench_loader.py
"""

import json
import os
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
import sklearn

from loader_rivals import BATCH, VIDEO, WORKERS, Packets, floor, speed, usual
from selavi.data.index import write_index
from selavi.data.manifest import write_manifest
from selavi.data.media.ffmpeg import ffmpeg_binary
from selavi.data.sampling import Clips, training_batches
from selavi.data.schema import read_index
from selavi.data.shards.writer import write_shard
from selavi.data.sources.folder import Folder
from selavi.files import write_csv
from selavi.settings import AudioSettings, MediaSettings

VIDEOS, ROUNDS = 12, 3
OURS, USUAL, FLOOR = 768, 32, 768  # clips per round
WATCHED = (992, 10_000)  # clips after which memory is measured
ROWS = 250_000
STORED = [("keyframe_seconds", s) for s in (0.5, 1.0, 250 / 30)] + [
    ("short_side", n) for n in (112, 128, 144, 160)
]
AUDIO, MEDIA = AudioSettings(), MediaSettings()


def make_videos(folder: Path, count: int = VIDEOS) -> None:
    """Make videos of 10 s, 340 x 256: a camera that pans over a photograph, with pixel noise."""
    photographs = Path(sklearn.__file__).parent / "datasets/images"

    def make(number: int) -> None:
        photograph = photographs / ("china.jpg" if number % 2 else "flower.jpg")
        speed = 0.3 + 0.15 * number
        pan = (
            f"crop=340:256:x='150+140*sin({speed}*t+{number})':y='85+80*cos({speed / 2}*t)',"
            f"noise=alls=6:allf=t:all_seed={number}"
        )
        audio = f"anoisesrc=colour=pink:seed={number}:sample_rate=44100:duration=10"
        command = [
            ffmpeg_binary(), "-nostdin", "-v", "error",
            "-loop", "1", "-framerate", "30", "-i", str(photograph),
            "-f", "lavfi", "-i", audio, "-t", "10", "-vf", pan, "-threads", "1",
            "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac",
            str(folder / f"{number:03d}.mp4"),
        ]  # fmt: skip
        subprocess.run(command, check=True)

    folder.mkdir(parents=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(make, range(count)))


def make_shards(videos: Path, output: Path, media: MediaSettings) -> Clips:
    """Run the stages before training; every clip is 64 times in the index."""
    write_manifest(Folder(videos), 4, output / "manifest.csv")
    tables = [output / f"{n:05d}.csv" for n in range(4)]
    for n, table in enumerate(tables):
        write_shard(output / "manifest.csv", n, table.with_suffix(".tar"), table, media, threads=2)
    write_index(tables, output / "index.csv", output / "rejected.csv", output / "summary.csv")
    return repeated(Clips(read_index(output / "index.csv"), output, VIDEO, AUDIO), 64 * VIDEOS)


def repeated(clips: Clips, count: int) -> Clips:
    """A split of `count` clips, by repeating the given ones."""
    rows = clips.index.iloc[np.arange(count) % len(clips.index)].reset_index(drop=True)
    return replace(clips, index=rows.assign(sample=range(count)))


def ours(clips: Clips, count: int, epoch: int) -> float:
    """Clips per second of selavi's loader."""
    table = repeated(clips, count)
    return speed(
        training_batches(table, seed=0, epoch=epoch, batch_size=BATCH, workers=WORKERS), count
    )


def private_megabytes(process: int) -> float:
    """Private memory of a process, in MB."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1000


def children() -> list[int]:
    """Process ids of the child processes."""
    tasks = Path("/proc/self/task").glob("*/children")
    return [int(number) for task in tasks for number in task.read_text().split()]


def memory(clips: Clips) -> list[float]:
    """Largest private memory of a worker, early and late in a long epoch, in MB."""
    table = repeated(clips, WATCHED[-1] + 20 * BATCH)
    batches = training_batches(table, seed=0, epoch=0, batch_size=BATCH, workers=WORKERS)
    return [
        max(private_megabytes(child) for child in children())
        for number, _ in enumerate(batches, start=1)
        if number * BATCH in WATCHED
    ]


def large_index(clips: Clips, folder: Path) -> str:
    """A split of 250,000 clips: seconds to read it and to the first batch, memory of a worker."""
    rows = repeated(clips, ROWS).index
    numbers = pd.Series(range(ROWS)).map("{:016x}".format)
    rows = rows.assign(key=numbers + ".mp4", path="/v/" + numbers)
    write_csv(folder / "large.csv", rows)
    times = [time.perf_counter()]
    large = Clips(read_index(folder / "large.csv"), clips.folder, VIDEO, AUDIO)
    times.append(time.perf_counter())
    batches = training_batches(large, seed=0, epoch=0, batch_size=BATCH, workers=WORKERS)
    next(batches)
    times.append(time.perf_counter())
    for _ in range(40):
        next(batches)
    used = max(private_megabytes(child) for child in children())
    read, first = np.diff(times)
    return f"read the index {read:.1f} s, first batch {first:.1f} s, a worker {used:.0f} MB"


def main() -> None:
    """Measure and print; the last line is JSON."""
    with tempfile.TemporaryDirectory() as scratch:
        videos = Path(scratch, "videos")
        make_videos(videos)
        clips = make_shards(videos, Path(scratch, "shards"), MEDIA)
        size = np.mean(clips.index["video_size"][:VIDEOS]) / 1000
        print(f"{VIDEOS} videos of 10 s; {size:.0f} kB each in the shards; {WORKERS} workers")
        packets = Packets(clips, 192, FLOOR // BATCH)
        rounds = []
        for number in range(ROUNDS):
            rounds.append((ours(clips, OURS, number), usual(videos, USUAL), floor(packets)))
            print("clips/s: selavi {:.0f}, usual {:.1f}, bare decode {:.0f}".format(*rounds[-1]))
        ratio = median(mine / theirs for mine, theirs, _ in rounds)
        floor_ratio = median(bare / mine for mine, _, bare in rounds)
        parts = {
            name: ours(replace(clips, modalities=[name]), OURS, 0) for name in ("video", "audio")
        }
        print("clips/s of one modality: " + ", ".join(f"{k} {v:.0f}" for k, v in parts.items()))
        print("as stored: kB per video, clips/s (video alone)")
        for number, (name, value) in enumerate(STORED):
            media = MediaSettings.model_validate({name: value})
            other = make_shards(videos, Path(scratch, f"stored-{number}"), media)
            size = np.mean(other.index["video_size"][:VIDEOS]) / 1000
            other = replace(other, modalities=["video"])
            pace = median(ours(other, OURS // 2, epoch) for epoch in range(3))
            print(f"  {name} {value:g}: {size:.0f} kB, {pace:.0f} clips/s")
        early, late = memory(clips)
        print(f"private memory of a worker, MB, after {WATCHED} clips: {early:.0f}, {late:.0f}")
        print(f"{ROWS:,} rows: {large_index(clips, Path(scratch))}")
        print(
            json.dumps(
                {
                    "benchmark": "loader",
                    "ratio": round(ratio, 1),
                    "against": "open the original, whole float frames, ffmpeg for the audio",
                    "floor_ratio": round(floor_ratio, 2),
                    "clips_per_second": round(median(mine for mine, _, _ in rounds), 1),
                    "worker_megabytes": round(late),
                    "growth_megabytes": round(late - early, 1),
                }
            )
        )


if __name__ == "__main__":
    main()
