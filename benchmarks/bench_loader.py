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
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from statistics import median

import av
import numpy as np
import pandas as pd
import sklearn
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset

from selavi.data.index import write_index
from selavi.data.manifest import write_manifest
from selavi.data.media.ffmpeg import ffmpeg_binary
from selavi.data.sampling import Clips, training_batches
from selavi.data.schema import read_index
from selavi.data.shards.reader import open_shard
from selavi.data.shards.writer import write_shard
from selavi.data.sources.folder import Folder
from selavi.files import write_csv
from selavi.settings import AudioSettings, MediaSettings, VideoSettings
from selavi.transforms.audio import log_filterbank
from selavi.transforms.video.views import frame_numbers, random_view

VIDEOS, ROUNDS, WORKERS, BATCH = 12, 3, 2, 16
OURS, USUAL, FLOOR = 768, 32, 768  # clips per round
WATCHED = (992, 10_000)  # clips after which memory is measured
ROWS = 250_000
STORED = [("keyframe_seconds", s) for s in (0.5, 1.0, 250 / 30)] + [
    ("short_side", n) for n in (112, 128, 144, 160)
]
VIDEO, AUDIO, MEDIA = VideoSettings(), AudioSettings(), MediaSettings()


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


def speed(batches: Iterator[object], clips: int) -> float:
    """Clips per second after the first batch, so without the start of the workers."""
    next(batches)
    started = time.perf_counter()
    for _ in batches:
        pass
    return (clips - BATCH) / (time.perf_counter() - started)


def ours(clips: Clips, count: int, epoch: int) -> float:
    """Clips per second of selavi's loader."""
    table = repeated(clips, count)
    return speed(
        training_batches(table, seed=0, epoch=epoch, batch_size=BATCH, workers=WORKERS), count
    )


class Usual(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Clips as usual research code loads them, from the original videos."""

    def __init__(self, videos: list[Path], count: int) -> None:
        self.videos, self.count = videos, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, number: int) -> tuple[torch.Tensor, torch.Tensor]:
        random = np.random.default_rng(number)
        path = self.videos[number % len(self.videos)]
        view = random_view(VIDEO, 300, 30.0, random)
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.thread_count = 1
            container.seek(round(view.start / 30 / stream.time_base), stream=stream)
            frames = []
            for frame in container.decode(stream):
                if round(frame.pts * stream.time_base * 30) >= view.start:
                    frames.append(frame.to_ndarray(format="rgb24"))
                if len(frames) == VIDEO.frames:
                    break
        clip = torch.from_numpy(np.stack(frames)).permute(3, 0, 1, 2).float()
        clip = (clip / 255 - 0.45) / 0.225
        size = (view.short_side, view.short_side * 340 // 256)
        clip = F.interpolate(clip, size=size, mode="bilinear", align_corners=False)
        top, left = (int(a * (s - 112 + 1)) for a, s in zip(view.crop_at, size, strict=True))
        clip = clip[..., top : top + 112, left : left + 112].contiguous()
        audio = subprocess.run(
            [
                ffmpeg_binary(), "-v", "error", "-nostdin", "-ss", str(view.start / 30),
                "-i", str(path), "-t", "1", "-vn", "-ac", "1", "-ar", "24000", "-f", "s16le", "-",
            ],
            capture_output=True, check=True,
        ).stdout  # fmt: skip
        waveform = np.zeros(24_000, np.float32)
        samples = np.frombuffer(audio, "<i2")[:24_000]
        waveform[: len(samples)] = samples
        return clip, log_filterbank(torch.from_numpy(waveform)[None], 24_000, 257, 1024)


def usual(videos: Path, count: int) -> float:
    """Clips per second of `Usual`, with the same number of workers."""
    loader = DataLoader(
        Usual(sorted(videos.glob("*.mp4")), count), batch_size=BATCH, num_workers=WORKERS,
        worker_init_fn=one_thread,
    )  # fmt: skip
    started = time.perf_counter()
    for _ in loader:
        pass
    return count / (time.perf_counter() - started)


def one_thread(worker: int) -> None:
    """Limit a worker to one thread, as selavi's loader does."""
    torch.set_num_threads(1)


class Packets(Dataset[int]):
    """Decode the same packets as the loader, from memory, and do nothing else."""

    def __init__(self, clips: Clips, prepared: int, batches: int) -> None:
        self.batches = batches
        self.clips = [packets_of(clips, sample) for sample in range(prepared)]

    def __len__(self) -> int:
        return self.batches

    def __getitem__(self, number: int) -> int:
        for n in range(BATCH):
            extradata, packets = self.clips[(number * BATCH + n) % len(self.clips)]
            decoder = av.CodecContext.create("h264", "r")
            decoder.extradata, decoder.thread_count = extradata, 1
            for packet in packets:
                decoder.decode(packet)
            decoder.decode(None)
        return number


def packets_of(clips: Clips, sample: int) -> tuple[bytes, list[av.Packet]]:
    """Packets from the keyframe before a training view's first frame to its last frame."""
    row = clips.index.iloc[sample]
    view = random_view(VIDEO, int(row["frames"]), 30.0, np.random.default_rng(sample))
    numbers = frame_numbers(view, VIDEO, int(row["frames"]), 30.0)
    with (
        open_shard(clips.folder / row["shard"]) as shard,
        shard.member(row["video_offset"], row["video_size"]) as member,
        av.open(member) as container,
    ):
        stream = container.streams.video[0]
        container.seek(round(view.start / 30 / stream.time_base), stream=stream)
        packets = []
        for packet in container.demux(stream):
            if packet.dts is None or round(packet.dts * stream.time_base * 30) > numbers[-1]:
                break
            packets.append(packet)
        return bytes(stream.codec_context.extradata or b""), packets


def floor(packets: Packets) -> float:
    """Clips per second of `Packets`, with the same number of workers."""
    loader = DataLoader(packets, batch_size=None, num_workers=WORKERS, worker_init_fn=one_thread)
    return speed(iter(loader), len(packets) * BATCH)


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
