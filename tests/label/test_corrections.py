"""Corrections applied to clips, and found again among the clusters of another training."""

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from selavi.files import UserError
from selavi.label.corrections import apply_corrections, fit_corrections, names_of

IDS = [f"{n:016x}" for n in range(12)]
MODEL = np.array([0] * 4 + [1] * 4 + [2] * 3 + [-1])


def written(folder: Path, **parts: Any) -> Path:
    path = folder / "corrections.json"
    head = {"format": "selavi corrections 1", "title": "", "head": 0, "clusters": 3}
    path.write_text(json.dumps(head | parts), encoding="utf-8")
    return path


def members(clusters: np.ndarray = MODEL) -> list[dict[str, Any]]:
    return [
        {"cluster": k, "clips": [i for i, c in zip(IDS, clusters, strict=True) if c == k]}
        for k in range(3)
    ]


def corrected(path: Path, model: np.ndarray = MODEL, clusters: int = 3) -> dict[str, list[Any]]:
    fitted = fit_corrections(path, IDS, model, clusters)
    result = apply_corrections(fitted, IDS, model)
    return {"cluster": result.cluster.tolist(), "by": list(result.by), "tags": list(result.tags)}


def test_a_move_goes_before_a_merge_and_unreadable_clips_stay_out(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        merged=[{"from": 1, "into": 2}],
        new=[{"cluster": 4, "from": 0}],
        moved=[
            {"clip": IDS[0], "from": 0, "to": 4}, {"clip": IDS[4], "from": 1, "to": 0},
            {"clip": IDS[8], "from": 2, "to": None}, {"clip": IDS[9], "from": 2, "to": 1},
            {"clip": IDS[11], "from": 0, "to": 1},
        ],
        tags=[{"clip": IDS[3], "tags": ["loud", "dark"]}],
    )  # fmt: skip
    result = corrected(path)
    assert result["cluster"] == [4, 0, 0, 0, 0, 2, 2, 2, -1, 1, 2, -1]
    p, m = "person", "model"
    assert result["by"] == [p, m, m, m, p, p, p, p, p, p, m, ""]
    assert result["tags"] == [""] * 3 + ["loud dark"] + [""] * 8


def test_nothing_is_changed_without_corrections(tmp_path: Path) -> None:
    result = corrected(written(tmp_path))
    assert result["cluster"] == MODEL.tolist()
    assert set(result["by"]) == {"model", ""}


def test_clips_of_elsewhere_are_counted_and_ignored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = written(tmp_path, moved=[{"clip": "f" * 16, "from": 0, "to": 1}])
    with caplog.at_level(logging.WARNING):
        assert corrected(path)["cluster"] == MODEL.tolist()
    assert "1 of the 1 clips that it corrects are not here, such as ffffffffffffffff" in caplog.text


def test_corrections_survive_another_training(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = written(
        tmp_path,
        names=[{"cluster": 0, "name": "dogs"}, {"cluster": 3, "name": "puppies"}],
        merged=[{"from": 1, "into": 2}],
        new=[{"cluster": 3, "from": 0}],
        moved=[
            {"clip": IDS[0], "from": 0, "to": 3}, {"clip": IDS[4], "from": 1, "to": 0},
            {"clip": IDS[8], "from": 2, "to": None}, {"clip": IDS[9], "from": 2, "to": None},
        ],
        tags=[{"clip": IDS[3], "tags": ["loud"]}],
        members=members(),
    )  # fmt: skip
    # Clusters 0, 1, 2 are 4, 0, 3 of five now; the new model no longer errs on clip 9.
    again = np.array([4] * 4 + [0] * 4 + [3, 1, 3, -1])
    with caplog.at_level(logging.INFO):
        fitted = fit_corrections(path, IDS, again, 5)
    assert "91% of the 11 clips that it lists are in matching clusters" in caplog.text
    assert "2 of 2 names, 1 of 1 merged, 1 of 1 new, 3 of 4 moved, 1 of 1 tags" in caplog.text
    assert names_of(fitted) == {4: "dogs", 5: "puppies"}
    assert [len(part.clips) for part in fitted.members] == [4, 4, 2]  # those that are there now
    result = apply_corrections(fitted, IDS, again)
    assert result.cluster.tolist() == [5, 4, 4, 4, 4, 3, 3, 3, -1, 1, 3, -1]
    assert list(result.tags)[3] == "loud"


def test_what_is_of_a_cluster_that_is_gone_is_lost(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        names=[{"cluster": k, "name": f"name {k}"} for k in range(3)],
        moved=[{"clip": IDS[0], "from": 0, "to": 2}],
        members=members(),
    )
    again = np.array([1] * 4 + [0] * 4 + [0, 1, 1, -1])  # cluster 2 is divided among the others
    fitted = fit_corrections(path, IDS, again, 2)
    assert names_of(fitted) == {0: "name 1", 1: "name 0"}
    assert fitted.moved == []


def test_other_clusters_without_common_clips_are_an_error(tmp_path: Path) -> None:
    path = written(tmp_path, names=[{"cluster": 0, "name": "dogs"}])
    with pytest.raises(UserError, match="is of 3 clusters, and there are 5; it lists no clip"):
        fit_corrections(path, IDS, MODEL, 5)


def test_the_same_clusters_keep_their_numbers(tmp_path: Path) -> None:
    path = written(tmp_path, names=[{"cluster": 1, "name": "dogs"}], members=members())
    nearly = MODEL.copy()
    nearly[:2] = 1
    assert names_of(fit_corrections(path, IDS, nearly, 3)) == {1: "dogs"}


def test_a_cluster_that_is_divided_is_lost_even_where_its_number_has_most_of_it(
    tmp_path: Path,
) -> None:
    path = written(
        tmp_path,
        names=[{"cluster": 0, "name": "dogs"}],
        merged=[{"from": 0, "into": 1}],
        members=[{"cluster": 0, "clips": IDS[:7]}, {"cluster": 1, "clips": IDS[7:]}],
    )
    divided = np.array([0] * 2 + [2] * 2 + [1] * 3 + [1] * 5)
    fitted = fit_corrections(path, IDS, divided, 3)
    assert names_of(fitted) == {} and fitted.merged == []
    result = apply_corrections(fitted, IDS, divided)
    assert result.cluster.tolist() == divided.tolist()
