"""Videos per second of the stage shard, compared with plain ffmpeg for the same transcode.

The floor is one ffmpeg per video with the stage's filters and codecs, as many in parallel as the
stage has threads, without probing, tar and tables. Sources are 10 s videos of 340 x 256 with audio,
like those of the paper's datasets.
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
    """Make a video with motion and noise, as hard to encode as a real one."""
    scale = 0.5 + 0.1 * number
    video_filter = f"mandelbrot=size=340x256:rate=30:start_scale={scale},noise=alls=12:allf=t"
    command = [
        ffmpeg_binary(), "-v", "error", "-y", "-f", "lavfi", "-i", video_filter,
        "-f", "lavfi", "-i", f"anoisesrc=sample_rate=44100:seed={number}:amplitude=0.2", "-t", "10",
        "-pix_fmt", "yuv420p", "-preset", "veryfast", str(path),
    ]  # fmt: skip
    subprocess.run(command, check=True)


def stage(videos: Path, scratch: Path) -> float:
    """Seconds of the stage shard, called as its command does."""
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
    """Seconds of the same transcode by ffmpeg alone."""
    x264 = [item for name, value in encoder_options(MEDIA).items() for item in (f"-{name}", value)]
    video_filter = f"fps={MEDIA.fps:g},scale=-2:{MEDIA.short_side}:flags=bilinear"

    def transcode(path: Path) -> None:
        with tempfile.TemporaryDirectory(dir=scratch) as output:
            command = [
                ffmpeg_binary(), "-nostdin", "-v", "error", "-threads", "1", "-i", str(path),
                "-filter_threads", "1", "-vf", video_filter, "-an", "-c:v", "libx264", *x264,
                "-pix_fmt", "yuv420p", f"{output}/a.mp4",
                "-vn", "-ac", "1", "-ar", str(MEDIA.audio_rate), f"{output}/a.wav",
            ]  # fmt: skip
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)

    started = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(transcode, sorted(videos.iterdir())))
    return time.perf_counter() - started


def main() -> None:
    """Time both, interleaved, and print the medians."""
    with tempfile.TemporaryDirectory() as name:
        scratch, videos = Path(name), Path(name, "videos")
        videos.mkdir()
        for number in range(VIDEOS):
            make_source(videos / f"{number}.mp4", number)
        floor(videos, scratch)  # warms up the page cache
        times: dict[str, list[float]] = {"stage": [], "ffmpeg": []}
        for turn in range(ROUNDS):  # alternating order, against drift
            for name in list(times)[:: 1 if turn % 2 else -1]:
                work = stage if name == "stage" else floor
                times[name].append(work(videos, scratch))
    ours, plain = (statistics.median(times[k]) for k in ("stage", "ffmpeg"))
    pairs = zip(times["stage"], times["ffmpeg"], strict=True)
    slowdown = statistics.median(a / b for a, b in pairs)
    print(f"{VIDEOS} videos of 10 s, {THREADS} at a time, medians of {ROUNDS}:")
    print(f"  shard stage    {VIDEOS / ours:6.2f} videos/s")
    print(f"  plain ffmpeg   {VIDEOS / plain:6.2f} videos/s")
    print(
        json.dumps(
            {
                "benchmark": "shard",
                "ratio": round(1 / slowdown, 3),
                "against": "plain ffmpeg, same transcode, same threads",
                "floor_ratio": round(slowdown, 3),
                "videos_per_second": round(VIDEOS / ours, 2),
            }
        )
    )


if __name__ == "__main__":
    main()
