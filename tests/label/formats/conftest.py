import pandas as pd
import pytest

from selavi.data.schema import LABELS

HOSTILE = "<b>&amp;\n\t--> \x1b[31m=1+1 \"quoted\" 'x' 漢字.mp4"
NAME = 'dogs & <b>cats</b>\n--> \t\x1b[31m"it\'s"'


def labels_of(rows: list[dict[str, object]]) -> pd.DataFrame:
    """A table of labels: `rows` over the values of a window of ten seconds without a name."""
    plain = dict.fromkeys(LABELS, "") | {
        "start": 0.0, "end": 10.0, "cluster": 0, "confidence": 0.9, "second": 1, "margin": 0.8,
        "modalities": "video+audio",
    }  # fmt: skip
    table = pd.DataFrame([plain | row for row in rows], columns=list(LABELS))
    table["by"] = table["cluster"].notna().map({True: "model", False: ""})
    return table.assign(model_cluster=table["cluster"])


@pytest.fixture
def labels() -> pd.DataFrame:
    """Windows of two videos, one of a hostile name, of an audio file, and two rejected parts."""
    rejected = {"cluster": None, "confidence": None, "second": None, "margin": None}
    return labels_of(
        [
            {"path": "/videos/a/cat.mp4", "start": 0.0, "end": 10.0, "cluster": 2, "name": NAME},
            {"path": "/videos/a/cat.mp4", "start": 10.0, "end": 21.3337, "confidence": 0.25},
            {"path": "/videos/a/cat.mp4", "start": 3600.5, "end": 3610.5, "cluster": 12},
            {"path": f"/videos/{HOSTILE}", "cluster": 2, "name": NAME, "modalities": "video"},
            {"path": "/videos/song.mp3", "cluster": 12, "modalities": "audio", "second": None,
             "margin": None, "duplicate_of": "/videos/a/cat.mp4#t=0.0,10.0"},
            {"path": "/videos/a/cat.mp4", "start": 21.3337, "end": 22.0, "modalities": "",
             "reason": "too_short", "detail": "0.7 s", **rejected},
            {"path": "/videos/broken.mp4", "start": None, "end": None, "modalities": "",
             "reason": "corrupt", "detail": "no moov", **rejected},
        ]
    )  # fmt: skip
