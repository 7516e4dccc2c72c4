"""Profile a step: fraction of time by part, and by kind of kernel."""

import re
from collections import defaultdict
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

from bench_step import Step, timed
from gpu_parts.variants import build
from gpu_parts.work import Row, Work, synchronise
from selavi.training.loss import heads_loss
from selavi.transforms.audio import AudioView, prepare_audio
from selavi.transforms.video.resize import Windows, taps
from selavi.transforms.video.views import VideoView, prepare_video
from selavi.transforms.video.yuv import mixing

KINDS = {  # of kernels: pattern of their names; the first match counts
    "batch norm": r"batch_?norm|bn_fw|bn_bw|batch_norm",
    "change of layout": r"nchwTo|nhwcTo|transpose|permute|convertTensor",
    "convolution or product": r"conv|gemm|xmma|cutlass|cudnn|sm\d\d_|nvjet|wgrad|dgrad|mm\b|mkldnn",
    "copy": r"memcpy|copy|to_copy",
    "update": r"multi_tensor|foreach|fused_sgd",
    "pooling": r"pool",
    "element by element": r"elementwise|vectorized|relu|clamp|threshold|triton_poi|add|mul",
    "reduction": r"reduce|sum|softmax|triton_red|triton_per|nll",
}
TOP = 12


def run(work: Work) -> None:
    """Profile the fastest variant without a compiler, at its best batch size."""
    fastest = work.fastest("batches")
    variant, batch = fastest["variant"], fastest["batch"]
    step = build(work, variant, batch)
    assert isinstance(step, Step)
    for _ in range(1 if work.small else 4):
        step()
    work.tell({"variant": variant, "batch": batch} | shares(work, step))
    for row in kernels(work, step):
        work.tell(row)


def shares(work: Work, step: Step) -> Row:
    """Fractions of a step's time, with a synchronisation after each part.

    "data on the device" is the last part of the transforms; "heads" is their forward and backward.
    """
    network, optimizer, device = step.network, step.optimizer, work.device
    spent: dict[str, list[float]] = defaultdict(list)
    windows, waveforms = stored(work, len(step.batch.sample))
    for _ in range(3 if work.small else 6):
        optimizer.zero_grad(set_to_none=True)
        features: dict[str, Tensor] = {}

        def encode(name: str, into: dict[str, Tensor] = features) -> None:
            rows = step.batch.of(name)
            if network.channels_last:
                formats = {4: torch.channels_last, 5: torch.channels_last_3d}
                rows = rows.to(memory_format=formats[rows.ndim])
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=step.bfloat16):
                into[name] = network.encoders[name](rows).float()

        leaves: dict[str, Tensor] = {}

        def heads(features: dict[str, Tensor] = features, into: dict[str, Tensor] = leaves) -> None:
            into |= {name: rows.detach().requires_grad_() for name, rows in features.items()}
            losses = [
                heads_loss(network.logits(m, rows).log_softmax(-1), step.labels)
                for m, rows in into.items()
            ]
            torch.stack(losses).mean().backward()

        def back(
            name: str, given: dict[str, Tensor] = features, leaves: dict[str, Tensor] = leaves
        ) -> None:
            given[name].backward(leaves[name].grad)

        def note(name: str, part: Callable[[], object]) -> None:
            spent[name].append(timed(part, device))

        note("data on the device", lambda: finish(work, windows, waveforms))
        for name in network.encoders:
            note(f"{name} forward", lambda name=name, run=encode: run(name))
        note("heads", heads)
        for name in network.encoders:
            note(f"{name} backward", lambda name=name, run=back: run(name))
        note("optimizer", optimizer.step)
    medians = {name: float(np.median(times[1:])) for name, times in spent.items()}
    whole = sum(medians.values())
    return {"parts_ms": round(1e3 * whole, 1)} | {
        n: round(s / whole, 4) for n, s in medians.items()
    }


def stored(work: Work, count: int) -> tuple[Windows, Tensor]:
    """What a loader process hands over: source pixels of the crops, and waveforms."""
    video, random = work.video, np.random.default_rng(0)
    side = video.crop * 9 // 8 // 2 * 2
    axis = taps(side, video.crop * 5 // 4, video.crop // 8, video.crop)
    indices = torch.from_numpy(np.stack([axis.low, axis.high])).expand(count, 2, 2, -1)
    luma = random.integers(0, 256, (count, video.frames, side, side), dtype=np.uint8)
    chroma = random.integers(0, 256, (count, video.frames, 2, side // 2, side // 2), dtype=np.uint8)
    parts = {
        "luma": torch.from_numpy(luma),
        "mixing": torch.from_numpy(mixing(1, False)).expand(count, -1),
        "indices": indices,
        "weights": torch.from_numpy(axis.weight).expand(count, 2, -1),
        "chroma": torch.from_numpy(chroma),
    }
    waveforms = torch.from_numpy(random.integers(-9000, 9000, (count, 24_000), dtype=np.int16))
    moved = {name: part.contiguous().to(work.device) for name, part in parts.items()}
    return Windows(**moved), waveforms.to(work.device)


def finish(work: Work, windows: Windows, waveforms: Tensor) -> None:
    """The transforms that run on the network's device."""
    views = [VideoView(0, 128) for _ in windows.luma]
    prepare_video(windows, views, work.video)
    prepare_audio(waveforms, [AudioView() for _ in waveforms], 24_000, work.audio)


def kernels(work: Work, step: Step) -> list[Row]:
    """Time of the kernels (on a CPU: operators), first by kind, then of the slowest."""
    gpu = work.device.type == "cuda"
    activities = [ProfilerActivity.CPU] + ([ProfilerActivity.CUDA] if gpu else [])
    steps = 1 if work.small else 3
    synchronise(work.device)
    with profile(activities=activities) as recorded:
        seconds = timed(lambda: [step() for _ in range(steps)], work.device)
    times = {
        event.key: (event.self_device_time_total if gpu else event.self_cpu_time_total) / 1e3
        for event in recorded.key_averages()
        if not gpu or (event.device_type == DeviceType.CUDA and not event.is_user_annotation)
    }
    whole = max(sum(times.values()), 1e-9)
    kinds: dict[str, float] = defaultdict(float)
    for name, spent in times.items():
        kinds[kind_of(name)] += spent / whole
    rows: list[Row] = [
        {
            "kinds": {k: round(v, 4) for k, v in sorted(kinds.items(), key=lambda e: -e[1])},
            # Below 1: the device waits for the CPU to launch kernels.
            "busy": round(whole / 1e3 / seconds, 3) if gpu else None,
        }
    ]
    slowest = sorted(times.items(), key=lambda entry: -entry[1])[:TOP]
    rows += [
        {"kernel": n[:90], "ms_per_step": round(t / steps, 3), "share": round(t / whole, 4)}
        for n, t in slowest
    ]
    return rows


def kind_of(name: str) -> str:
    """The kind of a kernel, from its name."""
    return next((k for k, pattern in KINDS.items() if re.search(pattern, name, re.I)), "other")
