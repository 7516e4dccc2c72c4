"""Modalities side by side: the same gradients and the same run as one after the other."""

import copy
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from selavi.batch import Batch
from selavi.engine.process_group import Group
from selavi.models.network import Network
from selavi.settings import NetworkSettings, RunSettings
from selavi.training.lanes import Lanes
from selavi.training.loss import heads_loss
from selavi.training.step import Learner
from tests.training.runs import same_result, train

Run = Callable[..., RunSettings]
CPU = torch.device("cpu")


def small_network(dropout: float) -> Network:
    torch.manual_seed(0)
    settings = NetworkSettings(
        video_encoder="r2plus1d_narrow", audio_encoder="resnet_narrow",
        clusters=5, heads=3, hidden=16, dropout=dropout,
    )  # fmt: skip
    return Network(settings, ["video", "audio"], channels=1).train()


def small_batch(seed: int = 0) -> tuple[Batch, Tensor]:
    random = torch.Generator().manual_seed(seed)
    video = torch.randn(8, 1, 4, 32, 32, generator=random)
    audio = torch.randn(8, 1, 40, 50, generator=random)
    labels = torch.randint(5, (8, 3), generator=random)
    return Batch(torch.arange(8), video, audio), labels


def gradients(network: Network) -> list[Tensor]:
    return [p.grad for p in network.parameters() if p.grad is not None]


def test_gradients_are_those_of_the_mean_loss() -> None:
    batch, labels = small_batch()
    network = small_network(dropout=0.0)
    joint = copy.deepcopy(network)
    _, logits = joint(batch)
    loss = torch.stack(
        [heads_loss(rows.log_softmax(-1), labels) for rows in logits.values()]
    ).mean()
    (0.5 * loss).backward()
    learner = Learner(network, Group(0, 1, CPU), compiled=False)
    learnt, _ = learner.gradients(batch, labels, 0.5, last=True, bfloat16=False)
    assert float(sum(learnt.losses.values()) / 2) == pytest.approx(loss.item(), abs=1e-5)
    log_p = sum(rows.log_softmax(-1) for rows in logits.values())
    torch.testing.assert_close(learnt.log_p, log_p.detach(), atol=1e-4, rtol=1e-4)
    assert len(gradients(joint)) == len(gradients(network)) > 50
    for one, other in zip(gradients(joint), gradients(network), strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-3)


def test_another_view_is_seen_with_the_statistics_from_before() -> None:
    (batch, labels), (other, _) = small_batch(), small_batch(1)
    network = small_network(dropout=0.3)
    with torch.no_grad():
        expected = copy.deepcopy(network).eval().encode(other)
    learner = Learner(network, Group(0, 1, CPU), compiled=False)
    _, [seen] = learner.gradients(batch, labels, 1.0, True, False, others=[other])
    assert seen.keys() == expected.keys()
    for name, rows in expected.items():
        torch.testing.assert_close(seen[name], rows, atol=1e-5, rtol=1e-4)
        assert not seen[name].requires_grad
    assert network.training
    # It has the weights themselves, not a copy.
    learner.network.get_parameter("heads.audio.0.1.weight").data.fill_(7.0)
    assert (learner.observer.get_parameter("heads.audio.0.1.weight") == 7.0).all()


@pytest.fixture
def threads_of_torch() -> Iterator[Callable[[int], None]]:
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def test_large_networks_are_computed_one_part_after_the_other(
    threads_of_torch: Callable[[int], None],
) -> None:
    threads_of_torch(4)
    for parameters, lanes, within in ((600_000, 2, 2), (36_000_000, 1, 4)):
        pool = Lanes(CPU, parameters)
        running, most = 0, 0

        def part() -> int:
            nonlocal running, most
            running += 1
            most = max(most, running)
            time.sleep(0.05)
            running -= 1
            return torch.get_num_threads()

        assert pool.run([part] * 4) == [within] * 4
        assert most == lanes
    assert torch.get_num_threads() == 4  # labelling has all of them


def test_dropout_follows_the_seed_alone(threads_of_torch: Callable[[int], None]) -> None:
    batch, labels = small_batch()
    found = []
    for threads in (1, 2, 2):
        threads_of_torch(threads)
        network = small_network(dropout=0.5)
        learner = Learner(network, Group(0, 1, CPU), compiled=False)
        torch.manual_seed(5)
        for _ in range(3):
            learner.gradients(batch, labels, 1.0, True, False, others=[batch])
        found.append(gradients(network))
    for one, two, again in zip(*found, strict=True):
        assert torch.equal(one, two)
        assert torch.equal(two, again)
    features = torch.randn(2000, 128, generator=torch.Generator().manual_seed(0))
    network.heads["audio"] = torch.nn.ModuleList([torch.nn.Sequential(torch.nn.Dropout(0.5))] * 3)
    draws = network.logits("audio", features, seed=1)
    assert float((draws == 0).float().mean()) == pytest.approx(0.5, abs=0.01)
    torch.testing.assert_close(draws[draws != 0], 2 * features.expand_as(draws)[draws != 0])
    assert torch.equal(draws, network.logits("audio", features, seed=1))
    assert not torch.equal(draws, network.logits("audio", features, seed=2))


@pytest.mark.slow
def test_a_run_does_not_depend_on_its_threads(
    tiny_run: Run, train_index: Path, tmp_path: Path
) -> None:
    for threads in (1, 2):
        settings = tiny_run(training={"epochs": 2}, machine={"threads": threads})
        train(settings, train_index, tmp_path / str(threads))
    same_result(tmp_path / "1", tmp_path / "2")


def test_an_error_in_one_part_waits_for_the_others() -> None:
    finished = []

    def fail() -> None:
        raise ValueError("this part")

    def slow() -> None:
        torch.randn(500, 500) @ torch.randn(500, 500)
        finished.append(True)

    with pytest.raises(ValueError, match="this part"):
        Lanes(CPU, 600_000).run([fail, slow, slow])
    assert finished == [True, True]
