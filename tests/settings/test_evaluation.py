from pathlib import Path
from typing import Any

import pytest
import yaml

from selavi.config_file import parse
from selavi.files import UserError
from selavi.settings import AudioLevel, Config, FinetuneSettings, VideoLevel, fold_splits

REPOSITORY = Path(__file__).parents[2]


def config(**sections: Any) -> Config:
    raw = yaml.safe_load((REPOSITORY / "config/demo.yaml").read_text())
    return parse(raw | sections, Config, "test")


def test_nothing_is_judged_unless_asked_for() -> None:
    plain = config()
    assert plain.degrade.runs == plain.retrieval.runs == plain.finetune.runs == []


def test_the_protocols_numbers_are_the_defaults() -> None:
    plain = config()
    assert (plain.retrieval.clips, plain.retrieval.frames) == (10, 32)
    assert plain.retrieval.recall_at == [1, 5, 10, 20, 50]
    tuning = plain.finetune
    assert (tuning.epochs, tuning.batch_size, tuning.frames, tuning.crop) == (12, 32, 32, 128)
    assert (tuning.clips, tuning.crops, tuning.weight_decay) == (10, 3, 0.005)


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"finetune": {"runs": ["dmo"]}}, "finetune.runs: 'dmo' is not one of: demo"),
        (
            {"retrieval": {"runs": ["demo"], "datasets": {"demo": [1]}}},
            "retrieval.datasets.demo: dataset demo has no split 'train1'",
        ),
        ({"retrieval": {"datasets": {"ucf": [1]}}}, "'ucf' is not one of: demo"),
        ({"degrade": {"runs": ["demo"], "split": "val"}}, "has no split 'val'"),
        ({"finetune": {"crop": 144}}, "crop = 144 is larger than the short side"),
        ({"degrade": {"video": [{"short_side": 15, "crf": 1}]}}, "multiple of 2"),
        ({"finetune": {"epoch": 3}}, "did you mean 'epochs'?"),
    ],
)
def test_mistakes_are_named(sections: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError) as error:
        config(**sections)
    assert words in str(error.value)


def test_names() -> None:
    assert fold_splits(0) == ("train", "test")
    assert fold_splits(3) == ("train3", "test3")
    assert VideoLevel(short_side=32, crf=40).name == "video-32px-crf40"
    assert AudioLevel(kbps=12).name == "audio-12kbps-8000hz"
    assert AudioLevel(kbps=12, snr_db=-3).name == "audio-12kbps-8000hz--3db"
    assert FinetuneSettings().decay_epochs == [7, 11]
