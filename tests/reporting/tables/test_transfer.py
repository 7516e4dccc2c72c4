"""The tables of retrieval and fine-tuning: folds, their mean, and the paper's figures."""

from pathlib import Path

import pandas as pd
import pytest

from selavi.files import write_csv
from selavi.reporting.tables import make_tables
from tests.reporting.tables.folders import folds, results, table


@pytest.mark.parametrize("dataset", ["vgg-sound", "kinetics"])
def test_folds_have_a_mean_and_the_last_epoch_is_the_figure(tmp_path: Path, dataset: str) -> None:
    folder = results(tmp_path, one=dataset, sections={"finetune": folds()})
    for fold, values in ((1, (0.5, 0.9, 0.7)), (2, (0.4, 0.6, 0.5))):
        log = pd.DataFrame({"epoch": [1, 2, 3], "video_top1": values, "note": ""})
        log[["clip_top1", "clip_top5", "video_top5"]] = 0.5
        log[["pretraining", "linear_probe"]] = [dataset, False]
        write_csv(folder / "finetune/one/ucf101" / f"{fold}.csv", log)
    make_tables(folder, None, tmp_path / "tables")
    rows = table(tmp_path / "tables", "finetune")
    paper = rows[rows["run"] == ""]
    assert len(paper) == (4 if dataset == "kinetics" else 1)  # the mean of all three folds
    assert set(paper["note"]) == {"not run: published result only, pretrained on vgg-sound"}
    rows = rows[rows["run"] != ""].set_index(["part", "figure"])
    assert rows.loc[("1", "honest"), "video_top1"] == 0.7
    assert rows.loc[("1", "oracle"), "video_top1"] == 0.9
    assert rows.loc[("mean of 2", "honest"), "video_top1"] == pytest.approx(0.6)
    assert rows.loc[("mean of 2", "honest"), "note"] == "mean of 2 folds"
    if dataset == "vgg-sound":
        assert rows.loc[("2", "oracle"), "video_top1_paper"] == 0.859
        assert rows.loc[("2", "oracle"), "video_top1_difference"] == pytest.approx(0.6 - 0.859)
        assert pd.isna(rows.loc[("2", "honest"), "video_top1_difference"])
    else:  # the paper's model was pretrained on another dataset
        assert rows["video_top1_paper"].isna().all()
    assert rows.loc[("3", "honest"), "note"].startswith("not run: no ")


def test_recall_is_not_compared_as_nobody_says_what_the_papers_model_was_trained_on(
    tmp_path: Path,
) -> None:
    settings = folds(recall_at=[1, 5], datasets={"UCF-101": [1]})
    folder = results(tmp_path, one="vgg-sound", sections={"retrieval": settings})
    found = pd.DataFrame({"modality": ["video", "video to audio"], "note": "",
                          "pretraining": "vgg-sound",
                          "recall_at_1": [0.5, 0.3], "recall_at_5": [0.7, 0.4]})  # fmt: skip
    write_csv(folder / "retrieval/one/UCF-101/1.csv", found)
    make_tables(folder, None, tmp_path / "tables")
    rows = table(tmp_path / "tables", "retrieval").set_index("modality")
    assert rows.loc[["video", "video to audio"], "recall_at_5_paper"].isna().all()
    assert rows.loc["", "recall_at_5_paper"] == 0.686
    assert rows.loc["", "note"].endswith("pretrained on a dataset not stated")
