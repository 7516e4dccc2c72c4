"""Predict the cost of the stage finetune."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter
from torch import Tensor

from selavi.batch import Batch
from selavi.data.corrupt import CorruptClips
from selavi.data.sampling import ViewGrid, training_batches, view_batches
from selavi.data.schema import read_index
from selavi.estimates.cost import Cost, Seconds, cost
from selavi.estimates.folds import fold_rates
from selavi.estimates.timing import decode, inference_seconds, training_seconds
from selavi.estimates.workload import Workload
from selavi.evaluation.finetune.fold import finetune_clips
from selavi.evaluation.finetune.recogniser import Recogniser
from selavi.evaluation.predict import best_device
from selavi.models.checkpoint import build_network
from selavi.models.precision import expects_bfloat16
from selavi.settings import FinetuneSettings, RunSettings

RATES = TypeAdapter(tuple[Seconds, Seconds])
CLASSES = 100  # of the timed classifier, whose share of the time is negligible


def finetune_costs(workload: Workload) -> Iterator[Cost]:
    """Predict, for each run, all epochs of training and testing; the checkpoints stay."""
    settings = workload.config.finetune
    most = settings.machine.checkpoints_kept + 1  # one is written before the oldest goes

    def measure(index: Path, run: RunSettings) -> tuple[Seconds, Seconds]:
        return _rates(index, run, settings)

    for name, folds in fold_rates(workload, settings, "finetuning", RATES, measure):
        epochs = (
            clip * (settings.clips * train) + video * test for (clip, video), train, test in folds
        )
        total = sum(epochs, Seconds(0, 0)) * settings.epochs
        checkpoint = 2 * workload.rate(name).parameters  # weights and momenta
        yield cost(name, "finetune", total, len(folds) * most * checkpoint)


def _rates(index: Path, run: RunSettings, settings: FinetuneSettings) -> tuple[Seconds, Seconds]:
    """Seconds of a training clip, and of a test video with all its views."""
    clips = finetune_clips(read_index(index), index, run, settings)
    corrupt = CorruptClips(clips)
    views = ViewGrid(settings.clips, settings.crops, settings.crop)
    batch, training = decode(
        lambda turn: corrupt.counted(
            training_batches(clips, seed=run.seed, epoch=turn, batch_size=len(clips))
        )
    )
    _, testing = decode(lambda _: corrupt.counted(view_batches(clips, views=views, batch_size=1)))
    model = Recogniser(
        build_network(run.for_clips(len(clips))), CLASSES, settings.linear_probe, settings.seed
    )
    model.to(best_device())
    bfloat16 = expects_bfloat16(settings.machine.precision, best_device())

    def logits(shown: Batch) -> Tensor:
        return model(shown, bfloat16)

    return (
        Seconds(training / len(clips), training_seconds(model, logits, batch)),
        Seconds(testing / len(clips), len(views) * inference_seconds(model, logits, batch)),
    )
