"""What a GPU computes is what a CPU computes; marked `gpu`, and skipped where there is none."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from selavi.batch import Batch
from selavi.engine.process_group import Group
from selavi.labelling.relabel import relabel
from selavi.labelling.sinkhorn import sinkhorn
from selavi.models.network import Network
from selavi.settings import LabellingSettings, NetworkSettings, RunSettings, TrainingSettings
from selavi.training.optim import make_optimizer
from selavi.training.step import Learner
from selavi.transforms.audio import log_filterbank
from selavi.transforms.video.resize import Windows, resize, resize_by_matrices, taps
from selavi.transforms.video.yuv import mixing
from tests.labelling.problems import features, gaussian_shares, small_network, trained
from tests.training import runs

pytestmark = pytest.mark.gpu
GPU, CPU = torch.device("cuda"), torch.device("cpu")
NARROW = {"video_encoder": "r2plus1d_narrow", "audio_encoder": "resnet_narrow"}


@pytest.fixture(autouse=True)
def float32_is_float32() -> Iterator[None]:
    """Convolutions are in TF32 by torch's default, which has 10 bits of float32's 23."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    yield
    torch.backends.cudnn.allow_tf32 = before


def clips(count: int) -> Batch:
    generator = torch.Generator().manual_seed(0)
    return Batch(
        torch.arange(count),
        torch.randn(count, 3, 6, 48, 48, generator=generator),
        torch.randn(count, 1, 40, 99, generator=generator),
    )


def stepped(settings: NetworkSettings, channels_last: bool, device: torch.device) -> list[Tensor]:
    """Losses, all gradients in one vector, and all weights after an update, on the CPU."""
    torch.manual_seed(0)
    network = Network(settings, ["video", "audio"], 3, channels_last).to(device).train()
    optimizer = make_optimizer(network.parameters(), TrainingSettings())
    labels = (torch.arange(8)[:, None] + torch.arange(settings.heads)) % settings.clusters
    learner = Learner(network, Group(0, 1, device), compiled=False)
    _, losses, _ = learner.gradients(
        clips(8).to(device), labels.to(device), 1.0, last=True, bfloat16=False
    )
    gradients = [p.grad.flatten() for p in network.parameters() if p.grad is not None]
    optimizer.step()
    weights = [p.detach().flatten() for p in network.parameters()]
    found = torch.stack([*losses.values()]), torch.cat(gradients), torch.cat(weights)
    return [values.cpu() for values in found]


@pytest.mark.parametrize("channels_last", [False, True])
@pytest.mark.parametrize("encoders", [NARROW, {}], ids=["narrow", "paper"])
def test_a_training_step_is_the_cpus(encoders: dict[str, str], channels_last: bool) -> None:
    settings = NetworkSettings(**encoders, clusters=7, heads=3, hidden=32, dropout=0.0)
    here, there = (stepped(settings, channels_last, device) for device in (CPU, GPU))
    assert (here[0] - there[0]).abs().max() < 1e-4
    for one, other in zip(here[1:], there[1:], strict=True):
        assert torch.isfinite(other).all()
        # Batch norms of few clips make rounding grow.
        assert float((one - other).norm() / one.norm()) < 1e-2


@pytest.mark.parametrize("channels_last", [False, True])
def test_bfloat16_features_are_the_cpus_in_float32(channels_last: bool) -> None:
    torch.manual_seed(0)
    settings = NetworkSettings(clusters=7, heads=1, hidden=32)
    network = Network(settings, ["video", "audio"], 3, channels_last).eval()
    with torch.no_grad():
        expected = network.encode(clips(4))
        found = network.to(GPU).encode(clips(4).to(GPU), bfloat16=True)
    for modality, rows in expected.items():
        assert torch.cosine_similarity(found[modality].cpu(), rows).min() > 0.99
    network.train().encode(clips(4).to(GPU), bfloat16=True)["video"].sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)


@pytest.mark.parametrize("grey", [False, True])
def test_pixels_are_resized_as_on_a_cpu(grey: bool) -> None:
    random = np.random.default_rng(0)
    axes = [taps(40, 47, 3, 32), taps(40, 45, 5, 32).reversed()]
    chroma = torch.from_numpy(random.integers(0, 256, (3, 4, 2, 20, 20), dtype=np.uint8))
    parts = {
        "luma": torch.from_numpy(random.integers(0, 256, (3, 4, 40, 40), dtype=np.uint8)),
        "mixing": torch.from_numpy(np.stack([mixing(1, False), mixing(9, True), mixing(5, False)])),
        "indices": torch.from_numpy(np.stack([[a.low, a.high] for a in axes])).expand(
            3, -1, -1, -1
        ),
        "weights": torch.from_numpy(np.stack([a.weight for a in axes])).expand(3, -1, -1),
    } | ({} if grey else {"chroma": chroma})
    scale, bias = torch.tensor([1.0, 0.02, 0.5]), torch.tensor([0.0, -2.0, 1.0])
    expected = resize(Windows(**parts), scale, bias)
    moved = Windows(**{name: part.to(GPU) for name, part in parts.items()})
    assert resize(moved, scale.to(GPU), bias.to(GPU)).device.type == GPU.type
    found = resize_by_matrices(moved, scale.to(GPU), bias.to(GPU))
    assert (found.cpu() - expected).abs().max() < 2e-3  # of 255: eight bits below a pixel's step


def test_the_filterbank_is_the_cpus() -> None:
    random = torch.Generator().manual_seed(0)
    waves = (torch.randn(3, 24_000, generator=random) * 3000).short()
    waves[1] = 0  # silence: empty filters
    waves[2, 5000:] //= 1000
    expected = log_filterbank(waves, 24_000, 257, 1024)
    found = log_filterbank(waves.to(GPU), 24_000, 257, 1024)
    assert found.device.type == GPU.type
    assert (found.cpu() - expected).abs().max() < 1e-4


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("sharpness", [0.5, 2.0, 8.0])
def test_labels_are_the_cpus(sharpness: float, dtype: torch.dtype) -> None:
    scores, shares = trained(4_000, 40, sharpness).to(dtype), gaussian_shares(40)
    here, there = sinkhorn(scores, shares, 1e-5), sinkhorn(scores.to(GPU), shares, 1e-5)
    assert there.labels.device.type == GPU.type
    assert there.marginal_error <= 1e-5
    assert (here.labels == there.labels.cpu()).float().mean() >= 0.999


def test_a_relabelling_is_the_cpus() -> None:
    """All heads, aligned, from the same features."""
    found = []
    for device in (CPU, GPU):
        network = small_network(clusters=12, heads=4).to(device)
        store = features(network, 600)
        store.samples = store.samples.to(device)
        store.rows = {name: rows.to(device) for name, rows in store.rows.items()}
        labels = torch.full((600, 4), -1, dtype=torch.int64, device=device)
        sizes = torch.stack([gaussian_shares(12).sort().values] * 4).to(device)
        settings, generator = LabellingSettings(groups=2), torch.Generator().manual_seed(0)
        done = relabel(network, lambda _, s=store: s, labels, sizes, settings, generator, True)
        assert done.marginal_error <= settings.tolerance
        found.append(labels.cpu())
    assert (found[0] == found[1]).float().mean() > 0.99


@pytest.fixture(scope="module")
def settings(tiny_run: Callable[..., RunSettings]) -> RunSettings:
    """Saved at every step; labels from a pass of their own, as the paper has it."""
    return tiny_run(
        labelling={"source": "pass"}, training={"epochs": 4}, machine={"checkpoint_minutes": 0.0}
    )


@pytest.fixture(scope="module")
def whole(
    settings: RunSettings, train_index: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A run that nothing interrupts."""
    output = tmp_path_factory.mktemp("gpu")
    runs.train(settings, train_index, output)
    return output


def test_the_same_seed_is_the_same_run(
    settings: RunSettings, train_index: Path, whole: Path, tmp_path: Path
) -> None:
    runs.train(settings, train_index, tmp_path)
    runs.same_result(tmp_path, whole)


@pytest.mark.parametrize(
    ("place", "call"), [("torch.optim:SGD.step", 7), ("selavi.labelling.relabel:sinkhorn", 7)]
)
def test_a_killed_run_resumes_bit_for_bit(
    settings: RunSettings, train_index: Path, whole: Path, tmp_path: Path, place: str, call: int
) -> None:
    killed = runs.start(settings, train_index, tmp_path, kill_at=(place, call))
    assert runs.wait(killed) == [-9]
    runs.train(settings, train_index, tmp_path)
    runs.same_result(tmp_path, whole)


def test_what_a_gpu_saved_goes_on_without_one(
    settings: RunSettings, train_index: Path, tmp_path: Path
) -> None:
    runs.wait(runs.start(settings, train_index, tmp_path, kill_at=("torch.optim:SGD.step", 7)))
    command = [sys.executable, "-m", "selavi", *runs.arguments(settings, train_index, tmp_path)]
    without = os.environ | {"CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, env=without, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "resuming from epoch" in done.stderr
    assert (tmp_path / "model.pt").exists()


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="synchronised batch norm needs two GPUs")
def test_two_gpus_train_as_one(
    tiny_run: Callable[..., RunSettings], train_index: Path, tmp_path: Path
) -> None:
    for world in (1, 2):
        batch = {"batch_size": 24 // world}
        settings = tiny_run(**runs.WORLDS | {"training": runs.WORLDS["training"] | batch})
        runs.train(settings, train_index, tmp_path / str(world), world=world)
    runs.same_but_for_rounding(tmp_path / "1", tmp_path / "2")
