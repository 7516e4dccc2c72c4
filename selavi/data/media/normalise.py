"""Normalise a video: a small mp4 of constant frame rate and a mono wave in sync, or a rejection."""

import logging
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import av
import numpy as np

from selavi.data.media.checks import (
    PAUSE_SECONDS,
    NoVideo,
    check_audio,
    check_corrected,
    check_length,
    check_video,
    is_truncated,
    usable_tracks,
)
from selavi.data.media.decode import Decoding, command_for, read_samples, stored_size
from selavi.data.media.encode import Normalised, encode_audio, encode_video
from selavi.data.media.grid import FrameGrid, place_samples
from selavi.data.media.streams import Audio, Streams, find_streams
from selavi.data.media.timeline import WHOLE_FILE, Segment, Timeline, read_timeline
from selavi.data.read_errors import Rejected
from selavi.settings import MediaSettings

log = logging.getLogger(__name__)

Timed = TypeVar("Timed", bound=tuple[float, Any])

SILENT = 16  # int16: the largest sample of audio that counts as silent
ROUNDING_SECONDS = 0.002  # by which ffmpeg may round a time


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
    try:
        return _normalise(source, streams, settings, scratch)
    except NoVideo as without:
        if settings.video == "required" or streams.video is None or not streams.audio:
            raise
        try:
            return _normalise(source, replace(streams, video=None), settings, scratch)
        except Rejected:
            raise without from None


def _normalise(
    source: Segment, streams: Streams, settings: MediaSettings, scratch: Path
) -> Normalised:
    timeline = read_timeline(source, streams)
    if streams.video is not None:
        check_video(source, streams, timeline, settings)
    tracks = usable_tracks(source, streams, timeline, settings)
    if streams.video is None:
        check_audio(timeline)
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


def _transcode(
    source: Segment,
    streams: Streams,
    track: Audio | None,
    timeline: Timeline,
    settings: MediaSettings,
    scratch: Path,
) -> Normalised:
    """Decode with ffmpeg, resample to the common clock, and encode."""
    zero, span = timeline.start, timeline.spans[streams.numbers[0]]
    grid = FrameGrid(zero, settings.fps, timeline.end)
    if not timeline.jumped:
        grid.due, grid.until = span.last, span.end
    whole_file = timeline.attempt == WHOLE_FILE
    latest = math.inf if whole_file else timeline.keyframe + ROUNDING_SECONDS
    audio = scratch / "audio.nut"
    command = command_for(source.path, streams, track, timeline, settings, audio)
    size, video, count = (0, 0), b"", 0
    with Decoding(command, settings.timeout_seconds, scratch) as decoding:
        if streams.video is not None:
            size = stored_size(timeline, settings)
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
        length = count / settings.fps if count else span.total
        most = round(min(timeline.end - zero, length + PAUSE_SECONDS) * rate)
        packets = read_samples(audio, zero, rate)
        if streams.video is None:
            packets = _from_keyframe(packets, (latest - zero) * rate)
        samples = place_samples(packets, rate, most)
        audio.unlink(missing_ok=True)
    if streams.video is not None and not count:
        raise NoVideo("decode-failed", f"none of it can be decoded: {failure or 'damaged'}")
    if failure and (track is None or len(samples)):
        raise Rejected("decode-failed", f"most of it can be decoded: {failure}")
    lengths = {}
    if streams.video is not None:
        lengths[streams.video] = count / settings.fps
    if track is not None and len(samples):
        lengths[track.index] = seconds = len(samples) / settings.audio_rate
        count = count or max(1, round(seconds * settings.fps))
    wave = encode_audio(samples, settings.audio_rate) if len(samples) else b""
    clip = Normalised(video, wave, *size, count, len(samples), _notes(samples))
    if not lengths:  # nothing of the only stream can be decoded
        return clip
    if timeline.jumped:
        check_corrected(lengths, timeline)
    elif is_truncated(lengths, grid.last_end, streams, timeline):
        clip = replace(clip, notes=f"truncated {clip.notes}".strip())
    return clip


def _from_keyframe(frames: Iterator[Timed], latest: float) -> Iterator[Timed]:
    """Pass frames or samples on. Raises _SeekedTooFar if the first is later than `latest`."""
    for number, frame in enumerate(frames):
        if number == 0 and frame[0] > latest:
            raise _SeekedTooFar
        yield frame


def _notes(samples: np.ndarray) -> str:
    silent = len(samples) > 0 and np.abs(samples.astype(np.int32)).max() <= SILENT
    return "silent" if silent else ""
