"""Videos per second of `selavi label --model` with the small preset, from its start to its end.

The floor is plain ffmpeg: decoding the same files to nothing, as many at a time. Also: a second
call with ten files more, and the peak memory for the videos and for twice as many. The weights
are untrained, which costs the same. For a CPU without AVX-512:

    ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 python benchmarks/bench_label.py
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch

from bench_loader import make_videos
from selavi.data.media.ffmpeg import ffmpeg_binary
from selavi.models.checkpoint import build_network, save_model
from selavi.settings import RunSettings

SOURCES, VIDEOS, MORE, ROUNDS = 24, 240, 10, 3
WORKERS = len(os.sched_getaffinity(0))


def copies(sources: Path, folder: Path, count: int, first: int = 0) -> None:
    """Fill a folder with videos; which are the same does not matter, as all are decoded."""
    folder.mkdir(exist_ok=True)
    files = sorted(sources.iterdir())
    for number in range(first, first + count):
        shutil.copy(files[number % len(files)], folder / f"{number:04d}.mp4")


def label(videos: Path, model: Path, output: Path) -> tuple[float, float, float]:
    """Seconds and CPU seconds of the command, and the largest memory of its process in MB."""
    command = [
        sys.executable, "-m", "selavi", "label", str(videos), "--model", str(model), "--output",
        str(output), "--workers", str(WORKERS),
    ]  # fmt: skip
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, _peak_megabytes(process.pid))
        time.sleep(0.02)
    seconds = time.perf_counter() - started
    assert process.returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, cpu, peak


def _peak_megabytes(process: int) -> float:
    """Largest memory of a process so far, 0 if it has ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    lines = [line.split() for line in status.splitlines() if line.startswith("VmHWM")]
    return int(lines[0][1]) / 1000 if lines else 0.0


def floor(videos: Path) -> tuple[float, float]:
    """Seconds and CPU seconds of ffmpeg, decoding every file to nothing."""

    def decode(path: Path) -> None:
        command = [ffmpeg_binary(), "-nostdin", "-v", "error", "-threads", "1", "-i", str(path)]
        subprocess.run([*command, "-f", "null", "-"], check=True, stdin=subprocess.DEVNULL)

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(decode, sorted(videos.iterdir())))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - started, cpu


def main() -> None:
    """Measure and print; the last line is JSON."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        sources, videos = scratch / "sources", scratch / "videos"
        make_videos(sources, SOURCES)
        copies(sources, videos, VIDEOS)
        settings = RunSettings.model_validate(
            {"dataset": "any", "preset": "small", "network": {"clusters": 50}}
        )
        save_model(scratch / "model.pt", build_network(settings), settings, {"head": 0})
        torch.set_num_threads(1)
        floor(videos)  # warms up the page cache
        rounds = []
        for number in range(ROUNDS):
            rounds.append(
                (*label(videos, scratch / "model.pt", scratch / f"out-{number}"), *floor(videos))
            )
            words = "label {0:.1f} s ({1:.1f} s CPU), ffmpeg {3:.1f} s ({4:.1f} s CPU)"
            print(words.format(*rounds[-1]))
        seconds, cpu, peak, plain, plain_cpu = min(rounds)
        copies(sources, videos, MORE, first=VIDEOS)
        again, *_ = label(videos, scratch / "model.pt", scratch / "out-0")
        copies(sources, videos, VIDEOS, first=VIDEOS)
        _, _, larger = label(videos, scratch / "model.pt", scratch / "large")
    print(f"{VIDEOS} videos of 10 s, {WORKERS} at a time, the best of {ROUNDS}:")
    print(f"  selavi label   {VIDEOS / seconds:6.2f} videos/s, {cpu / VIDEOS:.3f} CPU s each")
    print(f"  plain ffmpeg   {VIDEOS / plain:6.2f} videos/s, {plain_cpu / VIDEOS:.3f} CPU s each")
    print(f"  the same and {MORE} more: {again:.1f} s")
    print(f"  memory: {peak:.0f} MB, of twice the videos {larger:.0f} MB")
    print(
        json.dumps(
            {
                "benchmark": "label",
                "ratio": round(plain / seconds, 3),
                "against": "plain ffmpeg that decodes the same files whole",
                "floor_ratio": round(seconds / plain, 3),
                "videos_per_second": round(VIDEOS / seconds, 1),
                "growth_megabytes": round(larger - peak),
            }
        )
    )


if __name__ == "__main__":
    main()
