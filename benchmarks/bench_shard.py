"""Videos per second of the shard stage against plain ffmpeg doing the same work.

The floor is one ffmpeg per video with the stage's own filters and codecs, as many at a time as the
stage has threads, and nothing else: no look at the file before, no tar, no table. Sources are 10 s
videos of 340 x 256 with sound, as the paper's datasets have them.
"""

import json
import os
import statistics
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from selavi.data.manifest import write_manifest
from selavi.data.media.encode import encoder_options
from selavi.data.media.ffmpeg import ffmpeg_binary
from selavi.data.shards.writer import write_shard
from selavi.data.sources.folder import Folder
from selavi.settings import MediaSettings

VIDEOS, ROUNDS, THREADS = 16, 9, os.cpu_count() or 1
MEDIA = MediaSettings()


def make_source(path: Path, number: int) -> None:
    """A moving, noisy picture, so that the codecs have work as real videos give it."""
    scale = 0.5 + 0.1 * number
    picture = f"mandelbrot=size=340x256:rate=30:start_scale={scale},noise=alls=12:allf=t"
    command = [
        ffmpeg_binary(), "-v", "error", "-y", "-f", "lavfi", "-i", picture,
        "-f", "lavfi", "-i", f"anoisesrc=sample_rate=44100:seed={number}:amplitude=0.2", "-t", "10",
        "-pix_fmt", "yuv420p", "-preset", "veryfast", str(path),
    ]  # fmt: skip
    subprocess.run(command, check=True)


def stage(videos: Path, scratch: Path) -> float:
    """The shard stage, as its command calls it."""
    with tempfile.TemporaryDirectory(dir=scratch) as name:
        output = Path(name)
        write_manifest(Folder(videos, "none"), 1, output / "manifest.csv")
        started = time.perf_counter()
        table = write_shard(
            output / "manifest.csv", 0, output / "0.tar", output / "0.csv", MEDIA, THREADS
        )
        seconds = time.perf_counter() - started
    assert (table["reason"] == "").all()
    return seconds


def floor(videos: Path, scratch: Path) -> float:
    """The same transcoding by ffmpeg's own filters, and nothing else."""
    x264 = [word for name, value in encoder_options(MEDIA).items() for word in (f"-{name}", value)]
    picture = f"fps={MEDIA.fps:g},scale=-2:{MEDIA.short_side}:flags=bilinear"

    def transcode(path: Path) -> None:
        with tempfile.TemporaryDirectory(dir=scratch) as own:
            command = [
                ffmpeg_binary(), "-nostdin", "-v", "error", "-threads", "1", "-i", str(path),
                "-filter_threads", "1", "-vf", picture, "-an", "-c:v", "libx264", *x264,
                "-pix_fmt", "yuv420p", f"{own}/a.mp4",
                "-vn", "-ac", "1", "-ar", str(MEDIA.audio_rate), f"{own}/a.wav",
            ]  # fmt: skip
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)

    started = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(transcode, sorted(videos.iterdir())))
    return time.perf_counter() - started


def main() -> None:
    """Time both in turns and print the medians."""
    with tempfile.TemporaryDirectory() as name:
        scratch, videos = Path(name), Path(name, "videos")
        videos.mkdir()
        for number in range(VIDEOS):
            make_source(videos / f"{number}.mp4", number)
        floor(videos, scratch)  # files into the page cache
        times: dict[str, list[float]] = {"stage": [], "ffmpeg": []}
        for turn in range(ROUNDS):  # the one that goes first changes, as machines drift
            for name in list(times)[:: 1 if turn % 2 else -1]:
                work = stage if name == "stage" else floor
                times[name].append(work(videos, scratch))
    ours, plain = (statistics.median(times[k]) for k in ("stage", "ffmpeg"))
    pairs = zip(times["stage"], times["ffmpeg"], strict=True)
    share = statistics.median(a / b for a, b in pairs)
    print(f"{VIDEOS} videos of 10 s, {THREADS} at a time, medians of {ROUNDS}:")
    print(f"  shard stage    {VIDEOS / ours:6.2f} videos/s")
    print(f"  plain ffmpeg   {VIDEOS / plain:6.2f} videos/s")
    print(
        json.dumps(
            {
                "benchmark": "shard",
                "ratio": round(1 / share, 3),
                "against": "plain ffmpeg, same transcode, same threads",
                "floor_ratio": round(share, 3),
                "videos_per_second": round(VIDEOS / ours, 2),
            }
        )
    )


if __name__ == "__main__":
    main()
