"""Groups of heads, their passes, and the summary of a label update."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from selavi.labelling.feature_store import FeatureStore
from selavi.labelling.marginals import draw_marginals, match_by_rank
from selavi.labelling.relabel import Relabelling, group_heads, relabel, soft_sizes
from selavi.labelling.sinkhorn import HeadLogKernel, sinkhorn
from selavi.models.network import Network
from selavi.settings import LabellingSettings
from tests.labelling.problems import features, gaussian_shares, generator, small_network

CLIPS = 600
SIZES = torch.stack([gaussian_shares(12, seed=h).sort().values for h in range(4)])


def run(
    network: Network, passes: Callable[[int], FeatureStore], settings: LabellingSettings
) -> tuple[Tensor, Relabelling]:
    labels = torch.zeros(CLIPS, 4, dtype=torch.int64)
    relabelling = relabel(
        network, passes, labels, SIZES, settings, torch.Generator().manual_seed(7), align=False
    )
    return labels, relabelling


def test_labels_of_a_group_come_from_one_pass() -> None:
    network, settings = small_network(), LabellingSettings(groups=2)
    views = [features(network, CLIPS, seed=s) for s in (1, 2)]  # two views of the same clips
    asked: list[int] = []

    def passes(group: int) -> FeatureStore:
        asked.append(group)
        return views[group]

    labels, _ = run(network, passes, settings)
    assert asked == [0, 1]  # one pass per group, whatever the number of heads
    groups = group_heads(4, 2, torch.Generator().manual_seed(7))
    for number, heads in enumerate(groups):
        for head in heads:
            own, other = (
                sinkhorn(
                    log_kernel,
                    match_by_rank(SIZES[head], soft_sizes(log_kernel)),
                    settings.tolerance,
                )
                for log_kernel in (
                    HeadLogKernel(network, views[v], head, settings.lambda_)
                    for v in (number, 1 - number)
                )
            )
            assert torch.equal(labels[:, head], own.labels)
            assert not torch.equal(labels[:, head], other.labels)


def test_relaxed_sizes_follow_the_network() -> None:
    network = small_network()
    store = features(network, CLIPS)
    exact, _ = run(network, lambda _: store, LabellingSettings())
    loose, relabelling = run(network, lambda _: store, LabellingSettings(marginal_power=0.5))
    assert relabelling.converged
    for head in range(4):
        sizes = [labels[:, head].bincount(minlength=12).double() for labels in (exact, loose)]
        assert sizes[1].std() > sizes[0].std()


def test_groups_differ_from_relabelling_to_relabelling() -> None:
    generator = torch.Generator().manual_seed(0)
    splits = [tuple(map(tuple, group_heads(10, 2, generator))) for _ in range(20)]
    assert len(set(splits)) > 15


def test_every_cluster_gets_the_share_that_was_drawn_for_it() -> None:
    network = small_network(clusters=12)
    store = features(network, CLIPS)
    sizes = torch.stack(
        [draw_marginals("gaussian", 12, 0.5, torch.Generator().manual_seed(h)) for h in range(4)]
    )
    labels = torch.zeros(CLIPS, 4, dtype=torch.int64)
    relabel(
        network, lambda group: store, labels, sizes, LabellingSettings(groups=1),
        torch.Generator().manual_seed(0), align=False,
    )  # fmt: skip
    for head in range(4):
        mass = soft_sizes(HeadLogKernel(network, store, head, 20.0))
        expected = CLIPS * match_by_rank(sizes[head], mass)
        counts = labels[:, head].bincount(minlength=12)
        assert torch.allclose(counts.double(), expected, rtol=0.1, atol=3)


def test_scores_are_the_same_whichever_rows_stand_beside() -> None:
    network = small_network()
    store = features(network, 9000)
    whole = torch.cat(list(HeadLogKernel(network, store, 1, 20.0).blocks()))
    for first, last in ((0, 3), (17, 4200), (8321, 9000), (1, 9000)):
        part = FeatureStore(
            store.samples[first:last], {m: rows[first:last] for m, rows in store.rows.items()}
        )
        blocks = list(HeadLogKernel(network, part, 1, 20.0).blocks())
        assert torch.equal(torch.cat(blocks), whole[first:last])


def test_heads_that_seek_consensus_learn_one_partition() -> None:
    network, results = small_network(), []
    store = features(network, CLIPS)
    for agreed in (False, True):
        settings = LabellingSettings(consensus=agreed)
        results.append(run(network, lambda group: store, settings)[0])
    pairs = [{tuple(row) for row in labels[:, :2].tolist()} for labels in results]
    assert len(pairs[0]) > 12
    assert len(pairs[1]) <= 12  # each cluster of one head is one of the other's


def test_the_summary_names_the_solver() -> None:
    network = small_network()
    store = features(network, CLIPS)
    labels, relabelling = run(network, lambda group: store, LabellingSettings(groups=1))
    outputs = []
    for head in range(4):
        log_kernel = HeadLogKernel(network, store, head, 20.0)
        outputs.append(sinkhorn(log_kernel, match_by_rank(SIZES[head], soft_sizes(log_kernel))))
        assert torch.equal(labels[:, head], outputs[-1].labels)
    solvers = [o.solver for o in outputs]
    assert set(solvers) == {"dense", "truncated"}
    assert relabelling.dense == solvers.count("dense")
    assert relabelling.density == max(o.density for o in outputs if o.solver == "truncated")
    assert relabelling.iterations == max(o.iterations for o in outputs)
    said = str(relabelling)
    assert said.startswith(
        f"{relabelling.changed:.1%} of labels changed; Sinkhorn converged in <= "
    )
    assert f"({relabelling.dense} heads dense, {4 - relabelling.dense} truncated to <= " in said
    assert f" {relabelling.density:.1%} of the kernel)" in said
    alone = replace(relabelling, dense=4, iterations=14, changed=0.745)
    assert str(alone) == "74.5% of labels changed; Sinkhorn converged in <= 14 iterations (dense)"


def test_too_few_iterations_are_warned_of_with_the_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    network = small_network()
    store = features(network, CLIPS)
    _, relabelling = run(network, lambda group: store, LabellingSettings(max_iterations=1))
    assert relabelling.iterations == 1
    assert "Sinkhorn did not converge in 1 iterations" in str(relabelling)
    assert f"marginal error {relabelling.marginal_error:.2g}" in caplog.text
    assert "labelling.max_iterations" in caplog.text


def test_groups_share_out_all_heads() -> None:
    groups = group_heads(10, 3, generator())
    assert sorted(itertools.chain.from_iterable(groups)) == list(range(10))
    assert sorted(len(g) for g in groups) == [3, 3, 4]
    assert group_heads(10, 3, generator(1)) != groups
