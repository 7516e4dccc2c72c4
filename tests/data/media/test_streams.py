"""Which streams of a file are taken, and what is said of files that cannot be used as a whole."""

from pathlib import Path

import pandas as pd
import pytest

from selavi.data.media.encode import Normalised
from selavi.data.media.normalise import normalise
from selavi.data.media.timeline import Segment
from selavi.data.read_errors import Rejected
from selavi.settings import MediaSettings
from tests.conftest import make_split
from tests.data.media.flashes import H264, MEDIA, STEP, ffmpeg, look, stored, write

OPTIONAL = MediaSettings.model_validate(MEDIA.model_dump() | {"audio": "optional"})


def refused(path: Path, media: MediaSettings = MEDIA) -> tuple[str, str]:
    """Reason and detail of a rejection, which must be the same each time."""
    said = set()
    for _ in range(2):
        with pytest.raises(Rejected) as caught:
            normalise(Segment(path), media, path.parent)
        said.add((caught.value.reason, str(caught.value)))
    (once,) = said
    assert "0x" not in once[1]
    return once


def clip_of(path: Path, media: MediaSettings = MEDIA) -> Normalised:
    return normalise(Segment(path), media, path.parent)


@pytest.fixture
def flashing(tmp_path: Path) -> Path:
    return write(tmp_path / "flashing.mp4", *H264, "-c:a", "aac")


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi"])
def test_a_thumbnail_that_comes_first(tmp_path: Path, flashing: Path, name: str) -> None:
    """A picture that is not called a cover, and of 0.04 s."""
    path = tmp_path / name
    ffmpeg(
        "-f", "lavfi", "-i", "color=red:size=64x64:rate=25:duration=0.04", "-i", str(flashing),
        "-map", "0", "-map", "1", "-c:v:0", "mjpeg", "-c:v:1", "copy", "-c:a", "copy",
        "-pix_fmt:v:0", "yuvj420p", str(path),
    )  # fmt: skip
    assert sorted(look(stored(path)).flashes) == [0, 1, 2, 3]


def test_the_default_video_is_taken(tmp_path: Path) -> None:
    """Not the first or the longer, as of cameras with two lenses."""
    one = write(tmp_path / "1.mp4", *H264, "-c:a", "aac", seconds=(0, 4))
    two = write(tmp_path / "2.mp4", *H264, "-c:a", "aac", seconds=(4, 7))
    path = tmp_path / "a.mkv"
    both = ["-i", str(one), "-i", str(two), "-map", "0:v", "-map", "1:v", "-map", "1:a"]
    default = ["-disposition:v:0", "0", "-disposition:v:1", "default"]
    ffmpeg(*both, "-c", "copy", *default, str(path))
    assert sorted(look(stored(path)).flashes) == [4, 5, 6]


def test_video_and_audio_are_of_one_programme(tmp_path: Path) -> None:
    """A broadcast whose first audio belongs to the second programme."""
    one = write(tmp_path / "1.ts", *H264, "-c:a", "aac", seconds=(0, 4))
    two = write(tmp_path / "2.ts", *H264, "-c:a", "aac", seconds=(4, 7))
    path = tmp_path / "a.ts"
    ffmpeg(
        "-i", str(one), "-i", str(two),
        "-map", "1:a", "-map", "0:v", "-map", "0:a", "-map", "1:v", "-c", "copy",
        "-program", "title=a:st=1:st=2", "-program", "title=b:st=0:st=3", str(path),
    )  # fmt: skip
    assert sorted(look(stored(path)).flashes) == [0, 1, 2, 3]


def test_the_first_audio_that_can_be_decoded(tmp_path: Path, flashing: Path) -> None:
    """Before it, one of a codec that nobody knows and one that is empty."""
    path = tmp_path / "a.mkv"
    ffmpeg(
        "-i", str(flashing),
        *("-map", "0:v", "-map", "0:a", "-map", "0:a", "-map", "0:a", "-c:v", "copy"),
        *("-c:a:0", "flac", "-c:a:1", "aac", "-c:a:2", "aac", "-bsf:a:1", "noise=drop=1"),
        str(path),
    )  # fmt: skip
    path.write_bytes(path.read_bytes().replace(b"A_FLAC", b"A_FLOP", 1))
    assert sorted(look(stored(path)).beeps) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("bits", "reason"),
    [("noise=drop=1", "no-audio"), ("noise=drop=gt(pts*tb\\,0.5)", "too-short")],
    ids=["empty", "short"],
)
def test_audio_that_is_declared_and_not_there(
    tmp_path: Path, flashing: Path, bits: str, reason: str
) -> None:
    path = tmp_path / "a.mkv"
    ffmpeg("-i", str(flashing), "-c", "copy", "-bsf:a", bits, str(path))
    assert refused(path)[0] == reason
    clip = clip_of(path, OPTIONAL)
    assert (clip.frames, clip.samples, clip.audio) == (200, 0, b"")


@pytest.mark.parametrize(
    ("filters", "silent"),
    [
        ("volume=0", True),
        ("pan=stereo|c0=c0|c1=-1*c0", True),
        ("volume=0.01", False),
    ],
    ids=["zeros", "channels that cancel", "quiet"],
)
def test_audio_in_which_there_is_nothing_to_hear(
    tmp_path: Path, flashing: Path, filters: str, silent: bool
) -> None:
    path = tmp_path / "a.mkv"
    ffmpeg("-i", str(flashing), "-c:v", "copy", "-c:a", "flac", "-af", filters, str(path))
    assert clip_of(path).notes == ("silent" if silent else "")
    strict = MediaSettings.model_validate(MEDIA.model_dump() | {"silent": "reject"})
    if silent:
        assert refused(path, strict)[0] == "silent"
    else:
        assert clip_of(path, strict) == clip_of(path)


@pytest.mark.parametrize(
    "layout",
    ["asplit=9[a][b][c][d][e][f][g][h][i];[a][b][c][d][e][f][g][h][i]amerge=9", "ambisonic", "24"],
    ids=["9", "ambisonic", "24"],
)
def test_any_channels_are_mixed(tmp_path: Path, flashing: Path, layout: str) -> None:
    path = tmp_path / "a.mov"
    if layout == "ambisonic":
        path = tmp_path / "a.mkv"
        layout = "pan=ambisonic 1|c0=c0|c1=c0|c2=c0|c3=c0"
    elif layout == "24":
        layout = "pan=24c|" + "|".join(f"c{n}=c0" for n in range(24))
    coding = ["-c:a", "pcm_s16le"]
    ffmpeg("-i", str(flashing), "-c:v", "copy", "-af", layout, *coding, str(path))
    assert sorted(look(stored(path)).beeps) == [0, 1, 2, 3]


def test_a_file_that_is_encrypted(tmp_path: Path, flashing: Path) -> None:
    path = tmp_path / "a.mp4"
    ffmpeg(
        "-i", str(flashing), "-c", "copy", "-encryption_scheme", "cenc-aes-ctr",
        "-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb",
        "-encryption_kid", "a7e61c373e219033c21091fa607bf3b8", str(path),
    )  # fmt: skip
    assert refused(path) == ("encrypted", "its video is encrypted")


@pytest.mark.parametrize(("kind", "codec"), [("video", b"avc1"), ("audio", b"alac")])
def test_a_codec_that_nobody_knows(tmp_path: Path, kind: str, codec: bytes) -> None:
    flashing = write(tmp_path / "a.mov", *H264, "-c:a", "alac")
    content = flashing.read_bytes()
    header = content.rindex(b"moov")
    path = tmp_path / "a.mp4"
    path.write_bytes(content[:header] + content[header:].replace(codec, b"XYZ9"))
    assert refused(path) == ("no-decoder", f"there is no decoder for its {kind}")


@pytest.mark.parametrize(
    ("name", "options"),
    [("a.mkv", ()), ("a.mp4", ("-movflags", "+faststart")), ("a.avi", ()), ("a.flv", ())],
)
def test_a_file_that_is_cut_off(tmp_path: Path, name: str, options: tuple[str, ...]) -> None:
    """It is used as far as it goes, and called truncated."""
    path = write(tmp_path / name, *H264, "-c:a", "aac", *options, seconds=(0, 9))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    clip = clip_of(path)
    assert clip.notes == "truncated"
    seen = look(clip)
    both = seen.flashes.keys() & seen.beeps.keys()
    assert max(abs(seen.flashes[n] - seen.beeps[n]) for n in both) <= STEP + 1 / MEDIA.fps
    assert 3 < clip.frames / MEDIA.fps < 7
    part = normalise(Segment(path, 0.2, 2.2), MEDIA, tmp_path)
    assert part.notes == ""


def test_an_mp4_that_lacks_its_moov(flashing: Path) -> None:
    flashing.write_bytes(flashing.read_bytes()[:-3000])
    reason, detail = refused(flashing)
    assert reason == "unreadable"
    assert "cut off" in detail and "moov" in detail


def test_damage_is_named_the_same_each_time(tmp_path: Path, flashing: Path) -> None:
    path = tmp_path / "a.mkv"
    ffmpeg("-i", str(flashing), "-c", "copy", "-bsf:v", "noise=amount=1", str(path))
    reason, detail = refused(path)
    assert reason == "decode-failed"
    assert "can be decoded" in detail


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_a_list_of_other_files_is_no_video(tmp_path: Path, flashing: Path, suffix: str) -> None:
    lists = {
        "ffconcat": f"ffconcat version 1.0\nfile {flashing.name}\n",
        "hls": f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{flashing.name}\n#EXT-X-ENDLIST\n",
        "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">'
        "<Period><AdaptationSet><Representation><BaseURL>flashing.mp4</BaseURL>"
        "</Representation></AdaptationSet></Period></MPD>",
    }
    for name, text in lists.items():
        path = tmp_path / f"{name}.{suffix}"
        path.write_text(text)
        assert refused(path)[0] == "unreadable"


def test_titles_that_are_not_utf8(tmp_path: Path, flashing: Path) -> None:
    path = tmp_path / "a.mkv"
    ffmpeg("-i", str(flashing), "-c", "copy", "-metadata", "title=cafXYZ", str(path))
    path.write_bytes(path.read_bytes().replace(b"cafXYZ", b"caf\xe9\xff\xfe"))
    assert sorted(look(stored(path)).flashes) == [0, 1, 2, 3]


def test_what_is_worth_knowing_of_accepted_videos_is_counted(tmp_path: Path) -> None:
    videos = tmp_path / "videos"
    videos.mkdir()
    for n in range(3):
        write(videos / f"{n}.mkv", *H264, "-c:a", "aac")
    write(videos / "silent.mkv", *H264, "-c:a", "aac", "-af", "volume=0")
    half = write(videos / "half.mkv", *H264, "-c:a", "aac", "-af", "volume=0")
    half.write_bytes(half.read_bytes()[: half.stat().st_size * 6 // 10])
    index = make_split(videos, tmp_path / "out", shards=1, media=MEDIA)
    summary = pd.read_csv(index.with_name("summary.csv")).set_index("outcome")
    assert summary["videos"].to_dict() == {
        "accepted": 5, "accepted: silent": 2, "accepted: truncated": 1,
    }  # fmt: skip
    assert summary.loc["accepted: truncated", "example"] == "half.mkv"
    notes = pd.read_csv(index, keep_default_na=False).set_index("key")["notes"]
    assert notes["half.mkv"] == "truncated silent"


def test_a_programme_with_audio_is_taken(tmp_path: Path) -> None:
    """Of one with larger frames and none, nothing can be learnt by listening."""
    one = write(tmp_path / "1.ts", *H264, audio=False, size=(320, 192), seconds=(0, 6))
    two = write(tmp_path / "2.ts", *H264, "-c:a", "aac")
    path = tmp_path / "a.ts"
    ffmpeg(
        "-i", str(one), "-i", str(two), "-map", "0:v", "-map", "1:v", "-map", "1:a", "-c", "copy",
        "-program", "title=a:st=0", "-program", "title=b:st=1:st=2", str(path),
    )  # fmt: skip
    assert sorted(look(stored(path)).flashes) == [0, 1, 2, 3]


@pytest.mark.parametrize("size", [2**64 - 1, 2**63 - 4, 2**32])
def test_an_mp4_whose_boxes_lie(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.mp4"
    ftyp = b"\0\0\0\x10ftypisom\0\0\2\0"
    path.write_bytes(ftyp + b"\0\0\0\1mdat" + size.to_bytes(8, "big") + bytes(100))
    assert refused(path)[0] in ("unreadable", "no-video")


def test_frames_that_no_encoder_takes(tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    wide = ["-f", "lavfi", "-i", "color=red:size=20000x160:rate=5:duration=3"]
    ffmpeg(*wide, "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", str(path))
    silent = MEDIA.model_copy(update={"audio": "none"})
    assert refused(path, silent)[0] == "decode-failed"


def test_frames_without_times(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", *H264, "-f", "h264", audio=False)
    reason, detail = refused(path, MEDIA.model_copy(update={"audio": "none"}))
    assert reason == "unreadable" and "no times" in detail
