"""What the loader is compared with: usual research code, and decoding alone."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset

from selavi.data.media.ffmpeg import ffmpeg_binary
from selavi.data.sampling import Clips
from selavi.data.shards.reader import open_shard
from selavi.settings import VideoSettings
from selavi.transforms.audio import log_filterbank
from selavi.transforms.video.views import frame_numbers, random_view

WORKERS, BATCH = 2, 16
VIDEO = VideoSettings()


def speed(batches: Iterator[object], clips: int) -> float:
    """Clips per second after the first batch, so without the start of the workers."""
    next(batches)
    started = time.perf_counter()
    for _ in batches:
        pass
    return (clips - BATCH) / (time.perf_counter() - started)


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
