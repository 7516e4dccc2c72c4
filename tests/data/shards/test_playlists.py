"""A member of a shard that is a list of other files brings in none of them, wherever it is read."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from selavi.data.reencode import degrade_video
from selavi.data.schema import read_index
from selavi.data.shards.decode import decode_frames
from selavi.data.shards.reader import CorruptClip
from selavi.data.shards.tars import places_of
from selavi.evaluation.evaluate_degraded import degrade
from selavi.files import UserError, read_csv, write_csv
from selavi.reporting.explorer import make_explorer
from selavi.settings import VideoLevel
from tests.conftest import make_split

LISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{secret}\n#EXT-X-ENDLIST\n",
    "ffconcat": "ffconcat version 1.0\nfile {secret}\n",
    "dash": """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT2S"
    profiles="urn:mpeg:dash:profile:isoff-on-demand:2011">
<Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1" codecs="avc1">
<BaseURL>file://{secret}</BaseURL><SegmentBase/>
</Representation></AdaptationSet></Period></MPD>
""",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
}
LEVEL = VideoLevel(short_side=16, crf=40)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, make_video: Callable[..., Path]) -> Path:
    """The index of one good clip, beside its shard and a secret file."""
    root = tmp_path_factory.mktemp("lists")
    make_video(root / "videos/good.mp4")
    make_video(root / "secret.mp4")
    return make_split(root / "videos", root, shards=1)


def listing(index: Path, folder: Path, text: str, kind: str) -> Path:
    """The index of a shard whose clip has this text for its mp4 or wav."""
    row = read_index(index)
    with (
        tarfile.open(index.with_name("00000.tar")) as old,
        tarfile.open(folder / "00000.tar", "w") as new,
    ):
        for member in old:
            file = old.extractfile(member)
            assert file is not None
            content = text.encode() if member.name.endswith(kind) else file.read()
            member.size = len(content)
            new.addfile(member, io.BytesIO(content))
    for name, suffix in (("video", "mp4"), ("audio", "wav")):
        place = places_of(folder / "00000.tar")[f"{row['id'][0]}.{suffix}"]
        row[f"{name}_offset"], row[f"{name}_size"] = place
    write_csv(folder / "index.csv", row)
    return folder / "index.csv"


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("kind", ["mp4", "wav"])
def test_a_list_is_no_clip(index: Path, tmp_path: Path, name: str, kind: str) -> None:
    text = LISTS[name].format(secret=index.with_name("secret.mp4"))
    forged = listing(index, tmp_path, text, kind)
    rows = read_index(forged)
    write_csv(tmp_path / "assignments.csv", rows.assign(cluster=0, confidence=1.0))
    with pytest.raises(UserError, match="cannot be read"):
        make_explorer([(tmp_path / "assignments.csv", forged)], tmp_path / "page/x.html", title="x")
    assert not list(tmp_path.rglob("*.mp4"))
    assert not list(tmp_path.rglob("*.jpg"))
    if kind == "mp4":
        with pytest.raises(UserError, match="none of the 1 clips"):
            degrade(forged, LEVEL, tmp_path / "d/x.tar", tmp_path / "d/x.csv")
        with pytest.raises(CorruptClip):
            degrade_video(text.encode(), LEVEL)
        with pytest.raises(CorruptClip):
            list(decode_frames(io.BytesIO(text.encode()), np.arange(3), 16.0))


def test_the_good_clip_is_read_everywhere(index: Path, tmp_path: Path) -> None:
    rows = read_index(index)
    write_csv(tmp_path / "assignments.csv", rows.assign(cluster=0, confidence=1.0))
    make_explorer([(tmp_path / "assignments.csv", index)], tmp_path / "page/x.html", title="x")
    assert len(list(tmp_path.rglob("*.mp4"))) == 1
    degrade(index, LEVEL, tmp_path / "d/x.tar", tmp_path / "d/x.csv")
    assert len(read_csv(tmp_path / "d/x.csv")) == 1
