"""Every container and codec: audio and video stay in step, seen by flashes and beeps."""

from pathlib import Path

import pytest

from tests.data.media.flashes import H264, lengths, look, stored, write

FILES = {
    "mp4": ("a.mp4", *H264, "-c:a", "aac"),
    "mp4, b-frames": ("b.mp4", "-c:v", "libx264", "-bf", "3", "-c:a", "aac"),
    "mp4, in fragments": (
        "c.mp4", *H264, "-c:a", "aac", "-movflags", "frag_keyframe+empty_moov",
    ),
    "mov, pcm": ("a.mov", *H264, "-c:a", "pcm_s16le"),
    "mov, prores": ("b.mov", "-c:v", "prores", "-c:a", "alac"),
    "mkv, opus": ("a.mkv", *H264, "-c:a", "libopus"),
    "mkv, hevc": (
        "b.mkv", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none",
        "-c:a", "libvorbis",
    ),
    "mkv, ffv1": ("c.mkv", "-c:v", "ffv1", "-c:a", "flac"),
    "mkv, dts": ("d.mkv", *H264, "-c:a", "dca", "-strict", "-2"),
    "webm, vp8": ("a.webm", "-c:v", "libvpx", "-c:a", "libopus"),
    "webm, vp9": (
        "b.webm", "-c:v", "libvpx-vp9", "-cpu-used", "8", "-deadline", "realtime",
        "-c:a", "libvorbis",
    ),
    "webm, av1": ("c.webm", "-c:v", "libsvtav1", "-preset", "12", "-c:a", "libopus"),
    "avi, mp3": ("a.avi", "-c:v", "mpeg4", "-c:a", "libmp3lame"),
    "avi, mjpeg": ("b.avi", "-c:v", "mjpeg", "-c:a", "pcm_s16le"),
    "avi, ac3": ("c.avi", "-c:v", "msmpeg4", "-c:a", "ac3"),
    "flv": ("a.flv", "-c:v", "flv", "-c:a", "libmp3lame", "-ar", "44100"),
    "flv, h264": ("b.flv", *H264, "-c:a", "aac"),
    "ts": ("a.ts", *H264, "-c:a", "aac"),
    "ts, mpeg2": ("b.ts", "-c:v", "mpeg2video", "-c:a", "mp2"),
    "mts": ("a.mts", *H264, "-c:a", "ac3", "-f", "mpegts", "-mpegts_m2ts_mode", "1"),
    # Noise, as of frames that are next to empty several share a timestamp.
    "mpg": ("a.mpg", "-vf", "noise=alls=20:allf=t", "-c:v", "mpeg2video", "-c:a", "mp2"),
    "mpg, mpeg1": ("b.mpg", "-vf", "noise=alls=20:allf=t", "-c:v", "mpeg1video", "-c:a", "mp2"),
    "vob": ("a.vob", "-vf", "noise=alls=20:allf=t", "-c:v", "mpeg2video", "-c:a", "ac3"),
    "wmv": ("a.wmv", "-c:v", "wmv2", "-c:a", "wmav2"),
    "ogv": ("a.ogv", "-c:v", "libvpx", "-c:a", "libvorbis"),
    "3gp": (
        "a.3gp", "-s", "176x144", "-c:v", "h263", "-ar", "8000", "-c:a", "libopencore_amrnb",
    ),
    "3g2": ("a.3g2", *H264, "-c:a", "aac"),
    "mxf": ("a.mxf", "-c:v", "mpeg2video", "-c:a", "pcm_s16le"),
    "wtv": ("a.wtv", "-c:v", "mpeg2video", "-c:a", "mp2"),
    "rm": ("a.rm", "-c:v", "rv10", "-c:a", "ac3"),
    "dv": (
        "a.dv", "-s", "720x576", "-c:v", "dvvideo", "-ar", "48000", "-ac", "2",
        "-c:a", "pcm_s16le",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_every_container_and_codec(tmp_path: Path, kind: str) -> None:
    name, *coding = FILES[kind]
    clip = stored(write(tmp_path / name, *coding))
    assert lengths(clip) == pytest.approx((4, 4), abs=0.1)
    assert sorted(look(clip).flashes) == [0, 1, 2, 3]
    assert clip.notes == ""
