"""Normalise a video: small constant-rate mp4 and mono wave in step, or the reason why not."""

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import av
import numpy as np

from selavi.data.media.decode import Decoding, command_for, stored_size, stretches
from selavi.data.media.encode import encode_audio, encode_video
from selavi.data.media.grid import FrameGrid, place_samples
from selavi.data.media.streams import Audio, Streams, find_streams
from selavi.data.media.timeline import WHOLE, Segment, Timeline, lay_out
from selavi.data.read_errors import Rejected
from selavi.settings import MediaSettings

log = logging.getLogger(__name__)

STEP_SECONDS = 0.1  # by which a clip's length may differ from its source's
CUT_SECONDS = 0.5  # that a file must end before it says, to be called truncated
SILENT = 16  # int16: the largest sample of audio in which there is nothing to hear
PAUSE_SECONDS = 3600.0  # by which times may go on without a packet, or one stream before another
TRACKS = 4  # audio streams that are tried
JOINED = (
    "its clock goes back or jumps, as in files put one behind the other, and its audio and video "
    "cannot be brought in step; join the parts with ffmpeg's concat demuxer"
)
TICK = 0.002  # seconds by which ffmpeg may round a time


@dataclass(frozen=True)
class Normalised:
    """A normalised video: H.264 frames at a constant rate, and mono int16 samples (or no audio).

    notes : what is worth knowing of the source, out of "truncated" and "silent", by blanks.
    """

    video: bytes
    audio: bytes
    width: int
    height: int
    frames: int
    samples: int
    notes: str = ""


class _TooLate(Exception):
    """ffmpeg began to read behind the keyframe that a segment needs."""


def normalise(source: Segment, settings: MediaSettings, scratch: Path) -> Normalised:
    """Transcode one video. `scratch` is an empty folder of this call's own.

    Raises Rejected if the video cannot be used, UserError if the machine is at fault: a disk that
    is full or fails, or an ffmpeg that was killed.
    """
    streams = find_streams(source.path, settings)
    timeline = lay_out(source, streams)
    _check_video(source, streams, timeline, settings)
    tracks = _tracks(source, streams, timeline, settings)
    while True:
        track = tracks[0] if tracks else None
        try:
            clip = _transcode(source, streams, track, timeline, settings, scratch)
        except _TooLate:
            timeline = lay_out(source, streams, timeline.rung + 1)
            continue
        if track is None or clip.samples or len(tracks) == 1:
            return judge(clip, settings)
        tracks = tracks[1:]  # the next may be one that can be decoded


def _check_video(
    source: Segment, streams: Streams, timeline: Timeline, settings: MediaSettings
) -> None:
    """Reject what needs no decoding to be known useless."""
    span = timeline.spans[streams.video]
    if span.encrypted:
        raise Rejected("encrypted", "its video is encrypted")
    if not span.count and span.timeless:
        raise Rejected("unreadable", "its frames have no times; put it into an mp4 with ffmpeg")
    if not span.count and not source.start:
        raise Rejected("no-video", "its video stream is empty")
    if timeline.back and not timeline.jumped:
        raise Rejected("out-of-step", JOINED)
    if timeline.jumped:
        return
    if source.start and (span.empty or span.end <= timeline.start):
        ends = span.declared if span.empty else span.end
        where = f", which ends at {ends - streams.zero:.2f} s" if ends < math.inf else ""
        raise Rejected(
            "bad-segment", f"the segment begins at {source.start:g} s, after the video{where}"
        )
    if (pause := timeline.longest_pause()) > PAUSE_SECONDS:
        raise Rejected("bad-times", f"by its times there is nothing new for {pause:,.0f} seconds")
    seconds = round((span.end - timeline.start) * settings.fps) / settings.fps
    if seconds <= settings.min_seconds:
        raise _too_short("video", seconds, settings)


def _tracks(
    source: Segment, streams: Streams, timeline: Timeline, settings: MediaSettings
) -> list[Audio]:
    """The audio streams that have something in the segment. Raises Rejected if one is required."""
    spans = {audio: timeline.spans[audio.index] for audio in streams.audio}
    clear = {audio: span for audio, span in spans.items() if not span.encrypted}
    tracks = [
        audio
        for audio, span in clear.items()
        if span.count and (timeline.jumped or span.first < timeline.end > timeline.start < span.end)
    ]
    if tracks or settings.audio != "required":
        return tracks[:TRACKS]
    if spans and not clear:
        raise Rejected("encrypted", "its audio is encrypted")
    if not any(span.count for span in clear.values()) and not source.start:
        raise Rejected("no-audio", "its audio stream is empty")
    raise Rejected("no-audio", "there is no audio within the segment")


def _transcode(
    source: Segment,
    streams: Streams,
    track: Audio | None,
    timeline: Timeline,
    settings: MediaSettings,
    scratch: Path,
) -> Normalised:
    """Decode with ffmpeg, put frames and samples in their places, and encode them."""
    zero, span = timeline.start, timeline.spans[streams.video]
    grid = FrameGrid(zero, settings.fps, timeline.end)
    if not timeline.jumped:
        grid.due, grid.until = span.last, span.end
    latest = timeline.keyframe + TICK if timeline.rung < WHOLE else math.inf
    size = stored_size(timeline, settings)
    audio = scratch / "audio.nut"
    command = command_for(source.path, streams, track, timeline, settings, audio)
    with Decoding(command, settings.timeout_seconds, scratch) as decoding:
        frames = grid.place(_from_keyframe(decoding.frames(), latest))
        try:
            video, count = encode_video(decoding.in_time(frames), *size, timeline.matrix, settings)
        except av.error.ExternalError as error:
            raise Rejected(
                "decode-failed", f"frames of {size} cannot be encoded: {error}"
            ) from None
        trouble = decoding.finish(source.path)
    samples = np.zeros(0, np.int16)
    if track is not None:
        rate = settings.audio_rate
        most = round((timeline.end - zero) * rate) if timeline.end < math.inf else math.inf
        samples = place_samples(stretches(audio, zero, rate), rate, most)
        audio.unlink(missing_ok=True)
    if not count or (trouble and (track is None or len(samples))):
        how_much = "most" if count else "none"
        raise Rejected("decode-failed", f"{how_much} of it can be decoded: {trouble or 'damaged'}")
    sound = encode_audio(samples, settings.audio_rate) if len(samples) else b""
    clip = Normalised(video, sound, *size, count, len(samples), _notes(samples))
    lengths = {streams.video: count / settings.fps}
    if track is not None and len(samples):
        lengths[track.index] = len(samples) / settings.audio_rate
    if timeline.jumped:
        _check_mended(lengths, timeline)
    elif _is_truncated(lengths, grid.ends, streams, timeline):
        clip = replace(clip, notes=f"truncated {clip.notes}".strip())
    return clip


def _from_keyframe(
    frames: Iterator[tuple[float, av.VideoFrame]], latest: float
) -> Iterator[tuple[float, av.VideoFrame]]:
    """The frames. Raises _TooLate if the first is later than `latest`."""
    for number, (time, frame) in enumerate(frames):
        if number == 0 and time > latest:
            raise _TooLate
        yield time, frame


def _notes(samples: np.ndarray) -> str:
    heard = len(samples) == 0 or np.abs(samples.astype(np.int32)).max() > SILENT
    return "" if heard else "silent"


def _is_truncated(
    lengths: dict[int, float], shown: float, streams: Streams, timeline: Timeline
) -> bool:
    """Whether a stream ends before its packets do, or these before the file says.

    lengths : of what is stored, in seconds. shown : when the last frame that came ends.

    Raises Rejected if more is stored than the source has.
    """
    there = max(timeline.spans[stream].end for stream in lengths)
    truncated = there < min(timeline.end, _told(timeline.declared, there)) - CUT_SECONDS
    for stream, seconds in lengths.items():
        span = timeline.spans[stream]
        if seconds > span.end - timeline.start + STEP_SECONDS:
            raise Rejected(
                "out-of-step",
                f"{seconds:.2f} s would be stored of {span.end - timeline.start:.2f} s; this is a "
                "fault of selavi, please report it",
            )
        ends = shown if stream == streams.video else timeline.start + seconds
        declared = min(timeline.end, _told(span.declared, span.end))
        truncated |= ends < span.end - STEP_SECONDS or span.end < declared - CUT_SECONDS
    return truncated


def _told(declared: float, otherwise: float) -> float:
    return declared if declared < math.inf else otherwise


def _check_mended(lengths: dict[int, float], timeline: Timeline) -> None:
    """Raise Rejected if ffmpeg could not mend a clock that jumps.

    Streams then differ in length otherwise than their packets do. Of a segment, none is longer.
    """
    lasted = {n: timeline.spans[n].lasted - timeline.missing() for n in lengths}
    excess = [lengths[n] - lasted[n] for n in lengths]
    whole = timeline.end == math.inf and not timeline.start
    if max(excess) > CUT_SECONDS or (whole and max(excess) - min(excess) > CUT_SECONDS):
        raise Rejected("out-of-step", JOINED)


def _too_short(kind: str, seconds: float, settings: MediaSettings) -> Rejected:
    return Rejected(
        "too-short",
        f"the {kind} lasts {seconds:.2f} s; more than {settings.min_seconds:g} s needed",
    )


def judge(clip: Normalised, settings: MediaSettings) -> Normalised:
    """The clip, mute if its audio cannot be used. Raises Rejected if it is too short."""
    seconds = clip.frames / settings.fps
    if seconds <= settings.min_seconds:
        raise _too_short("video", seconds, settings)
    heard = clip.samples / settings.audio_rate
    if heard > settings.min_seconds:
        if settings.silent == "reject" and "silent" in clip.notes.split():
            raise Rejected("silent", "there is nothing to hear in its audio")
        return clip
    if settings.audio == "required":
        if not heard:
            raise Rejected("no-audio", "nothing of its audio can be decoded")
        raise _too_short("audio", heard, settings)
    notes = " ".join(note for note in clip.notes.split() if note != "silent")
    return Normalised(clip.video, b"", clip.width, clip.height, clip.frames, 0, notes)
