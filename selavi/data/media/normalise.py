"""Normalise a video: a small mp4 of constant frame rate and a mono wave in sync, or a rejection."""

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import av
import numpy as np

from selavi.data.media.decode import Decoding, command_for, read_samples, stored_size
from selavi.data.media.encode import encode_audio, encode_video
from selavi.data.media.grid import FrameGrid, place_samples
from selavi.data.media.streams import Audio, Streams, find_streams
from selavi.data.media.timeline import WHOLE_FILE, Segment, Timeline, read_timeline
from selavi.data.read_errors import Rejected
from selavi.settings import MediaSettings

log = logging.getLogger(__name__)

LENGTH_TOLERANCE = 0.1  # seconds by which a clip's length may differ from its source's
TRUNCATED_SECONDS = 0.5  # by which a file must end before its declared end to count as truncated
SILENT = 16  # int16: the largest sample of audio that counts as silent
PAUSE_SECONDS = 3600.0  # longest accepted time without a packet, or of one stream without another
MAX_TRACKS = 4  # audio streams that are tried
JOINED = (
    "its timestamps go back or jump, as in files joined byte by byte, and its audio and video "
    "cannot be synchronised; join the parts with ffmpeg's concat demuxer"
)
ROUNDING_SECONDS = 0.002  # by which ffmpeg may round a time


@dataclass(frozen=True)
class Normalised:
    """A normalised video.

    Attributes
    ----------
    video : bytes
        An H.264 mp4 of constant frame rate.
    audio : bytes
        A mono wave of int16 samples, b"" without audio.
    width : int
        Width of the frames in pixels.
    height : int
        Height of the frames in pixels.
    frames : int
        Number of frames.
    samples : int
        Number of audio samples, 0 without audio.
    notes : str
        Which of "truncated" and "silent" apply to the source, separated by blanks.
    """

    video: bytes
    audio: bytes
    width: int
    height: int
    frames: int
    samples: int
    notes: str = ""


class _SeekedTooFar(Exception):
    """ffmpeg began to read after the keyframe that a segment needs."""


def normalise(source: Segment, settings: MediaSettings, scratch: Path) -> Normalised:
    """Transcode one video.

    Parameters
    ----------
    source : Segment
        The video.
    settings : MediaSettings
        Size, rates and quality of the result; what is rejected.
    scratch : Path
        An empty folder that no other call uses.

    Raises
    ------
    Rejected
        If the video cannot be used.
    UserError
        If the machine is at fault: a disk is full or fails, or ffmpeg was killed.
    """
    streams = find_streams(source.path, settings)
    timeline = read_timeline(source, streams)
    _check_video(source, streams, timeline, settings)
    tracks = _tracks(source, streams, timeline, settings)
    while True:
        track = tracks[0] if tracks else None
        try:
            clip = _transcode(source, streams, track, timeline, settings, scratch)
        except _SeekedTooFar:
            timeline = read_timeline(source, streams, timeline.attempt + 1)
            continue
        if track is None or clip.samples or len(tracks) == 1:
            return check_length(clip, settings)
        tracks = tracks[1:]  # none of this one could be decoded


def _check_video(
    source: Segment, streams: Streams, timeline: Timeline, settings: MediaSettings
) -> None:
    """Raise Rejected if the packets show, without decoding, that the video cannot be used."""
    assert streams.video is not None
    span = timeline.spans[streams.video]
    if span.encrypted:
        raise Rejected("encrypted", "its video is encrypted")
    if not span.count and span.untimed:
        raise Rejected("unreadable", "its frames have no times; put it into an mp4 with ffmpeg")
    if not span.count and not source.start:
        raise Rejected("no-video", "its video stream is empty")
    if timeline.goes_back and not timeline.jumped:
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
        raise Rejected("bad-times", f"by its timestamps it has a gap of {pause:,.0f} seconds")
    seconds = round((span.end - timeline.start) * settings.fps) / settings.fps
    if seconds <= settings.min_seconds:
        raise _too_short("video", seconds, settings)


def _tracks(
    source: Segment, streams: Streams, timeline: Timeline, settings: MediaSettings
) -> list[Audio]:
    """The audio streams with packets in the segment. Raises Rejected if none has and one must."""
    spans = {audio: timeline.spans[audio.index] for audio in streams.audio}
    unencrypted = {audio: span for audio, span in spans.items() if not span.encrypted}
    tracks = [
        audio
        for audio, span in unencrypted.items()
        if span.count and (timeline.jumped or span.first < timeline.end > timeline.start < span.end)
    ]
    if tracks or settings.audio != "required":
        return tracks[:MAX_TRACKS]
    if spans and not unencrypted:
        raise Rejected("encrypted", "its audio is encrypted")
    if not any(span.count for span in unencrypted.values()) and not source.start:
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
    """Decode with ffmpeg, resample to the common clock, and encode."""
    assert streams.video is not None
    zero, span = timeline.start, timeline.spans[streams.video]
    grid = FrameGrid(zero, settings.fps, timeline.end)
    if not timeline.jumped:
        grid.due, grid.until = span.last, span.end
    whole_file = timeline.attempt == WHOLE_FILE
    latest = math.inf if whole_file else timeline.keyframe + ROUNDING_SECONDS
    size = stored_size(timeline, settings)
    audio = scratch / "audio.nut"
    command = command_for(source.path, streams, track, timeline, settings, audio)
    with Decoding(command, settings.timeout_seconds, scratch) as decoding:
        frames = grid.place(_from_keyframe(decoding.frames(), latest))
        try:
            in_time = decoding.until_timeout(frames)
            video, count = encode_video(in_time, *size, timeline.matrix, settings)
        except av.error.ExternalError as error:
            raise Rejected(
                "decode-failed", f"frames of {size} cannot be encoded: {error}"
            ) from None
        failure = decoding.finish(source.path)
    samples = np.zeros(0, np.int16)
    if track is not None:
        rate = settings.audio_rate
        most = round(min(timeline.end - zero, count / settings.fps + PAUSE_SECONDS) * rate)
        samples = place_samples(read_samples(audio, zero, rate), rate, most)
        audio.unlink(missing_ok=True)
    if not count or (failure and (track is None or len(samples))):
        how_much = "most" if count else "none"
        raise Rejected("decode-failed", f"{how_much} of it can be decoded: {failure or 'damaged'}")
    wave = encode_audio(samples, settings.audio_rate) if len(samples) else b""
    clip = Normalised(video, wave, *size, count, len(samples), _notes(samples))
    lengths = {streams.video: count / settings.fps}
    if track is not None and len(samples):
        lengths[track.index] = len(samples) / settings.audio_rate
    if timeline.jumped:
        _check_corrected(lengths, timeline)
    elif _is_truncated(lengths, grid.last_end, streams, timeline):
        clip = replace(clip, notes=f"truncated {clip.notes}".strip())
    return clip


def _from_keyframe(
    frames: Iterator[tuple[float, av.VideoFrame]], latest: float
) -> Iterator[tuple[float, av.VideoFrame]]:
    """Pass frames on. Raises _SeekedTooFar if the first is later than `latest`."""
    for number, (time, frame) in enumerate(frames):
        if number == 0 and time > latest:
            raise _SeekedTooFar
        yield time, frame


def _notes(samples: np.ndarray) -> str:
    silent = len(samples) > 0 and np.abs(samples.astype(np.int32)).max() <= SILENT
    return "silent" if silent else ""


def _is_truncated(
    lengths: dict[int, float], last_end: float, streams: Streams, timeline: Timeline
) -> bool:
    """Whether a stream ends before its packets do, or these before their declared end.

    `lengths` has the stored seconds of each stream, `last_end` the end of the last decoded frame.
    Raises Rejected if more is stored than the source has.
    """
    latest = max(timeline.spans[stream].end for stream in lengths)
    truncated = latest < min(timeline.end, _known(timeline.declared, latest)) - TRUNCATED_SECONDS
    for stream, seconds in lengths.items():
        span = timeline.spans[stream]
        if seconds > span.end - timeline.start + LENGTH_TOLERANCE:
            raise Rejected(
                "out-of-step",
                f"{seconds:.2f} s would be stored of {span.end - timeline.start:.2f} s; this is a "
                "fault of selavi, please report it",
            )
        ends = last_end if stream == streams.video else timeline.start + seconds
        declared = min(timeline.end, _known(span.declared, span.end))
        truncated |= ends < span.end - LENGTH_TOLERANCE or span.end < declared - TRUNCATED_SECONDS
    return truncated


def _known(declared: float, otherwise: float) -> float:
    return declared if declared < math.inf else otherwise


def _check_corrected(lengths: dict[int, float], timeline: Timeline) -> None:
    """Raise Rejected if ffmpeg could not correct timestamps that jump.

    Then the streams' lengths differ by more than their packets' do; in a segment, only a stream
    longer than its packets proves it.
    """
    expected = {n: timeline.spans[n].total - timeline.missing() for n in lengths}
    excess = [lengths[n] - expected[n] for n in lengths]
    whole = timeline.end == math.inf and not timeline.start
    uneven = whole and max(excess) - min(excess) > TRUNCATED_SECONDS
    if max(excess) > TRUNCATED_SECONDS or uneven:
        raise Rejected("out-of-step", JOINED)


def _too_short(kind: str, seconds: float, settings: MediaSettings) -> Rejected:
    return Rejected(
        "too-short",
        f"the {kind} lasts {seconds:.2f} s; more than {settings.min_seconds:g} s needed",
    )


def check_length(clip: Normalised, settings: MediaSettings) -> Normalised:
    """Check that a clip is long enough, and drop optional audio that is too short.

    Raises
    ------
    Rejected
        If the video, or audio that is required, is too short; or if audio is silent and
        `settings.silent` rejects it.
    """
    seconds = clip.frames / settings.fps
    if seconds <= settings.min_seconds:
        raise _too_short("video", seconds, settings)
    audio_seconds = clip.samples / settings.audio_rate
    if audio_seconds > settings.min_seconds:
        if settings.silent == "reject" and "silent" in clip.notes.split():
            raise Rejected("silent", "its audio is silent")
        return clip
    if settings.audio == "required":
        if not audio_seconds:
            raise Rejected("no-audio", "nothing of its audio can be decoded")
        raise _too_short("audio", audio_seconds, settings)
    notes = " ".join(note for note in clip.notes.split() if note != "silent")
    return Normalised(clip.video, b"", clip.width, clip.height, clip.frames, 0, notes)
