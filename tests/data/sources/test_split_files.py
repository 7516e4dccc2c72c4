"""The official split files of UCF-101 and HMDB-51, read."""

from pathlib import Path

import pytest

from selavi.data.sources.split_files import official_videos
from selavi.files import UserError
from selavi.settings import OfficialSettings


def official(layout: str, fold: int = 1, part: str = "train") -> OfficialSettings:
    return OfficialSettings.model_validate(
        {"layout": layout, "folder": "-", "fold": fold, "part": part}
    )


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("trainlist01.txt", "Archery/v a.avi 2\n", "is not `class/video.avi`"),
        ("trainlist01.txt", b"Archery/v_\x81.avi 2\n", "line 1 is not UTF-8"),
        ("classInd.txt", b"1 \xff\xfe\xc3\xa4\n", "line 1 is not UTF-8"),
        ("classInd.txt", "2 Archery\n3 archery\n", "is there with another number too"),
        ("trainlist01.txt", "Archery/v_a.avi 1\n", "does not agree with classInd.txt"),
        ("trainlist01.txt", "Unknown/v_a.avi 1\n", "does not agree with classInd.txt"),
        ("trainlist01.txt", "v_a.avi 1\n", "is not `class/video.avi`"),
        ("trainlist01.txt", "Archery/v_a.avi 2\nArchery/v_a.avi 2\n", "twice in train"),
        ("trainlist01.txt", "\n", "has no videos for train"),
        ("classInd.txt", "Archery 1\n", "is not `number class`"),
    ],
)
def test_split_files_that_are_wrong(
    tmp_path: Path, name: str, content: str | bytes, words: str
) -> None:
    (tmp_path / "classInd.txt").write_text("1 ApplyEyeMakeup\n2 Archery\n")
    (tmp_path / "trainlist01.txt").write_text("Archery/v_a.avi 2\n")
    (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(UserError, match=words):
        official_videos(tmp_path, official("ucf101"))


def test_split_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"classInd.txt.*unpack the splits there"):
        official_videos(tmp_path, official("ucf101"))
    with pytest.raises(UserError, match="has no files"):
        official_videos(tmp_path, official("hmdb51"))
    (tmp_path / "wave_test_split1.txt").write_text("a.avi 3\n")
    with pytest.raises(UserError, match="0, 1 or 2"):
        official_videos(tmp_path, official("hmdb51"))
