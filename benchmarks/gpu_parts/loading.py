"""Speed of the loader compared with the step, and of the trainer with both."""

import os
import time
from itertools import islice

from bench_loader import make_shards, make_videos, repeated
from gpu_parts.steps import BASE, PLAIN
from gpu_parts.work import Row, Work, forget, peak_gib, speed_of, synchronise, why
from selavi.data.sampling import Clips, training_batches
from selavi.data.schema import read_index
from selavi.engine.process_group import Group
from selavi.engine.stop import StopRequest
from selavi.settings import (
    LabellingSettings,
    MachineSettings,
    MediaSettings,
    RunSettings,
    TrainingSettings,
)
from selavi.training.loop import Trainer

VIDEOS, SMALL_VIDEOS = 12, 2


def run(work: Work) -> None:
    """Measure the loader and the fastest step, then the trainer with a variant of the settings."""
    clips = shard_set(work)
    cores = len(os.sched_getaffinity(0))
    fastest = max((work.fastest(part) for part in ("steps", "batches")), key=speed_of)
    for workers in [1] if work.small else sorted({4, max(1, cores - 1), cores}):
        speed = loading_speed(work, clips, workers, min(32, fastest["batch"]))
        row = {"workers": workers, "cores": cores, "loader_clips_per_second": round(speed, 1)}
        work.tell(row | {"times_step": times(speed, fastest)})
    rows = [row for part in ("steps", "batches") for row in work.earlier.get(part, [])]
    offered = [row for row in rows if row.get("variant") in (BASE, PLAIN) and speed_of(row)]
    work.tell(trained(work, clips, max(offered, key=speed_of, default=fastest), cores))


def times(speed: float, step: Row) -> float | None:
    """A speed over that of a step; None if the step was not measured."""
    return round(speed / speed_of(step), 3) if speed_of(step) else None


def shard_set(work: Work) -> Clips:
    """Shards of videos, made by the package's stages once for all parts."""
    folder = work.folder / "shards"
    if not (folder / "index.csv").exists():
        videos = work.folder / "videos"
        make_videos(videos, SMALL_VIDEOS if work.small else VIDEOS)
        media = MediaSettings(short_side=40, fps=8.0) if work.small else MediaSettings()
        make_shards(videos, folder, media)
    return Clips(read_index(folder / "index.csv"), folder, work.video, work.audio)


def loading_speed(work: Work, clips: Clips, workers: int, batch: int) -> float:
    """Clips per second on the device after the first batch, with an idle consumer."""
    seconds, most = (1.0, 8) if work.small else (6.0, 4096)
    batches = training_batches(
        repeated(clips, (most + 1) * batch), seed=0, epoch=0, batch_size=batch, workers=workers,
        device=work.device,
    )  # fmt: skip
    next(batches)
    synchronise(work.device)
    started, count = time.perf_counter(), 0
    for number, _ in enumerate(islice(batches, most), start=1):
        synchronise(work.device)
        count = number
        if time.perf_counter() - started > seconds:
            break
    return count * batch / (time.perf_counter() - started)


def trained(work: Work, clips: Clips, step: Row, cores: int) -> Row:
    """Clips per second of the trainer, from shards, in an epoch without a label update."""
    batch = int(step["batch"])
    bfloat16 = "bfloat16" in step["variant"]
    row: Row = {"variant": step["variant"], "batch": batch}
    # About 10 s per epoch, if the loader keeps up.
    steps = 3 if work.small else min(200, max(8, round(10 * speed_of(step) / batch)))
    table = repeated(clips, max(steps * batch, work.network.clusters))
    settings = RunSettings(
        dataset="videos", video=work.video, audio=work.audio, network=work.network,
        labelling=LabellingSettings(optimisations=1, groups=1, power=1.0),
        training=TrainingSettings(
            epochs=2, batch_size=batch, warmup_batches=2, collapse=1.0, base_lr=1e-4,
        ),
        machine=MachineSettings(
            checkpoint_minutes=60, precision="bfloat16" if bfloat16 else "float32",
            workers=0 if work.small else max(1, cores - 1),
        ),
    )  # fmt: skip
    forget(work.device)
    group = Group(0, 1, work.device)
    folder = work.folder / "trained" / "state"
    try:
        trainer = Trainer(table, settings, folder, group, StopRequest(), lambda *_: None)
        history = trainer.run().history
        row["in_bfloat16"] = trainer.state.progress.bfloat16  # False if the trainer refused it
    except (RuntimeError, ValueError) as error:
        return row | {"error": why(error)}
    row["training_clips_per_second"] = round(history[-1]["clips_per_second"], 2)
    row["labelling_epoch_clips_per_second"] = round(history[0]["clips_per_second"], 2)
    row["of_step"] = times(history[-1]["clips_per_second"], step)
    row["peak_gib"] = round(peak_gib(work.device), 2)
    return row
