"""How far trainings with other seeds agree, as the page has it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from selavi.files import UserError, write_csv
from selavi.reporting.explorer.seeds import agreement_of_seeds
from selavi.reporting.explorer.views import View

CLIPS = 2000
IDS = pd.Series([f"{n:016x}" for n in range(CLIPS)])
OURS = np.arange(CLIPS, dtype=np.int16) % 2
VIEW = View("video+audio", 0, 2, OURS, None)


def trained(file: Path, clusters: np.ndarray, ids: pd.Series = IDS, count: int = 2) -> Path:
    """Assignments by a training with another seed, of which one head has `count` clusters."""
    table = pd.DataFrame({"sample": range(len(ids)), "id": ids, "cluster": clusters})
    table["video+audio_head0"], table["head"], table["head_clusters"] = clusters, 0, str(count)
    write_csv(file, table)
    return file


def test_other_numbers_of_the_same_clusters_agree(tmp_path: Path) -> None:
    """The second training has other clips first, moves a tenth, and cannot read another tenth."""
    moved = np.where(np.arange(CLIPS) < 200, 1 - OURS, OURS)
    moved = np.where(np.arange(CLIPS) >= 1800, -1, moved)
    order = np.random.default_rng(0).permutation(CLIPS)
    files = [
        trained(tmp_path / "1.csv", 1 - OURS),
        trained(tmp_path / "2.csv", moved[order], IDS[order]),
    ]
    facts = agreement_of_seeds(VIEW, IDS, files)["seeds"]
    assert (facts["clusters"], facts["share"], facts["lowest"]) == ([2, 2], 0.9, 0.8)
    # Half of the clips by chance, and of the second training's nine tenths, give or take 3%.
    assert facts["chance"] == pytest.approx(0.475, abs=0.03)


def test_clusters_that_another_number_adds_match_none(tmp_path: Path) -> None:
    finer = np.arange(CLIPS) % 4
    file = trained(tmp_path / "4.csv", finer, count=4)
    assert agreement_of_seeds(VIEW, IDS, [file])["seeds"]["share"] == 0.5


def test_nothing_is_said_without_other_trainings() -> None:
    assert agreement_of_seeds(VIEW, IDS, []) == {}


def test_assignments_of_other_clips_are_refused(tmp_path: Path) -> None:
    file = trained(tmp_path / "test.csv", OURS, IDS + "0")
    with pytest.raises(UserError, match="has none of the 2000 clips; give the same split"):
        agreement_of_seeds(VIEW, IDS, [file])
