"""What of a file can be used, and why not: too short, encrypted, timestamps that jump."""

import math
from dataclasses import replace

from selavi.data.media.encode import Normalised
from selavi.data.media.streams import Audio, Streams
from selavi.data.media.timeline import Segment, Timeline
from selavi.data.read_errors import Rejected
from selavi.settings import MediaSettings

LENGTH_TOLERANCE = 0.1  # seconds by which a clip's length may differ from its source's
TRUNCATED_SECONDS = 0.5  # by which a file must end before its declared end to count as truncated
PAUSE_SECONDS = 3600.0  # longest accepted time without a packet, or of one stream without another
MAX_TRACKS = 4  # audio streams that are tried
JOINED = (
    "its timestamps go back or jump, as in files joined byte by byte, and its audio and video "
    "cannot be synchronised; join the parts with ffmpeg's concat demuxer"
)


class NoVideo(Rejected):
    """A video whose audio may still be of use."""


def check_video(
    source: Segment, streams: Streams, timeline: Timeline, settings: MediaSettings
) -> None:
    """Check by the packets, without decoding, that the video of a segment can be used.

    Parameters
    ----------
    source : Segment
        The segment.
    streams : Streams
        The streams of its file, of which one is video.
    timeline : Timeline
        The segment as its packets have it.
    settings : MediaSettings
        What is rejected.

    Raises
    ------
    NoVideo
        If the segment has no video, or too little.
    Rejected
        If the file cannot be used at all.
    """
    assert streams.video is not None
    span = timeline.spans[streams.video]
    if span.encrypted:
        raise Rejected("encrypted", "its video is encrypted")
    if not span.count and span.untimed:
        raise Rejected("unreadable", "its frames have no times; put it into an mp4 with ffmpeg")
    if not span.count and not source.start:
        raise NoVideo("no-video", "its video stream is empty")
    _check_order(timeline)
    if timeline.jumped:
        return
    if source.start and (span.empty or span.end <= timeline.start):
        ends = span.declared if span.empty else span.end
        where = f", which ends at {ends - streams.zero:.2f} s" if ends < math.inf else ""
        raise NoVideo(
            "bad-segment", f"the segment begins at {source.start:g} s, after the video{where}"
        )
    _check_pauses(timeline)
    seconds = round((span.end - timeline.start) * settings.fps) / settings.fps
    if seconds <= settings.min_seconds:
        raise NoVideo(*_too_short("video", seconds, settings))


def check_audio(timeline: Timeline) -> None:
    """Check the clock of a segment without video. Raises Rejected if it cannot be trusted."""
    _check_order(timeline)
    if not timeline.jumped:
        _check_pauses(timeline)


def _check_order(timeline: Timeline) -> None:
    if timeline.goes_back and not timeline.jumped:
        raise Rejected("out-of-step", JOINED)


def _check_pauses(timeline: Timeline) -> None:
    if (pause := timeline.longest_pause()) > PAUSE_SECONDS:
        raise Rejected("bad-times", f"by its timestamps it has a gap of {pause:,.0f} seconds")


def usable_tracks(
    source: Segment, streams: Streams, timeline: Timeline, settings: MediaSettings
) -> list[Audio]:
    """The audio streams with packets in a segment, at most `MAX_TRACKS`.

    Parameters
    ----------
    source : Segment
        The segment.
    streams : Streams
        The streams of its file.
    timeline : Timeline
        The segment as its packets have it.
    settings : MediaSettings
        Whether audio is required; without video it always is.

    Raises
    ------
    Rejected
        If there is none and one is required.
    """
    spans = {audio: timeline.spans[audio.index] for audio in streams.audio}
    unencrypted = {audio: span for audio, span in spans.items() if not span.encrypted}
    tracks = [
        audio
        for audio, span in unencrypted.items()
        if span.count and (timeline.jumped or span.first < timeline.end > timeline.start < span.end)
    ]
    if tracks or (settings.audio != "required" and streams.video is not None):
        return tracks[:MAX_TRACKS]
    if spans and not unencrypted:
        raise Rejected("encrypted", "its audio is encrypted")
    if not any(span.count for span in unencrypted.values()) and not source.start:
        raise Rejected("no-audio", "its audio stream is empty")
    raise Rejected("no-audio", "there is no audio within the segment")


def is_truncated(
    lengths: dict[int, float], last_end: float, streams: Streams, timeline: Timeline
) -> bool:
    """Whether a stream ends before its packets do, or these before their declared end.

    Parameters
    ----------
    lengths : dict of int to float
        Stored seconds of each stream, by its number.
    last_end : float
        End of the last decoded frame, in seconds on the file's clock.
    streams : Streams
        The streams of the file.
    timeline : Timeline
        The segment as its packets have it.

    Raises
    ------
    Rejected
        If more is stored than the source has.
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


def check_corrected(lengths: dict[int, float], timeline: Timeline) -> None:
    """Check that ffmpeg could correct timestamps that jump.

    If not, the streams' lengths differ by more than their packets' do; in a segment, only a stream
    longer than its packets proves it.

    Parameters
    ----------
    lengths : dict of int to float
        Stored seconds of each stream, by its number.
    timeline : Timeline
        The segment as its packets have it.

    Raises
    ------
    Rejected
        If the streams are out of step.
    """
    expected = {n: timeline.spans[n].total - timeline.missing() for n in lengths}
    excess = [lengths[n] - expected[n] for n in lengths]
    whole = timeline.end == math.inf and not timeline.start
    uneven = whole and max(excess) - min(excess) > TRUNCATED_SECONDS
    if max(excess) > TRUNCATED_SECONDS or uneven:
        raise Rejected("out-of-step", JOINED)


def _too_short(kind: str, seconds: float, settings: MediaSettings) -> tuple[str, str]:
    least = f"more than {settings.min_seconds:g} s needed"
    return "too-short", f"the {kind} lasts {seconds:.2f} s; {least}"


def check_length(clip: Normalised, settings: MediaSettings) -> Normalised:
    """Check that a clip is long enough, and drop optional audio that is too short.

    Parameters
    ----------
    clip : Normalised
        The clip.
    settings : MediaSettings
        What is rejected.

    Returns
    -------
    Normalised
        The clip, without its audio if that is too short.

    Raises
    ------
    NoVideo
        If there is too little video.
    Rejected
        If audio that is required is too short, or is silent and `settings.silent` rejects it.
    """
    seconds = clip.frames / settings.fps
    if clip.video and seconds <= settings.min_seconds:
        raise NoVideo(*_too_short("video", seconds, settings))
    audio_seconds = clip.samples / settings.audio_rate
    if audio_seconds > settings.min_seconds:
        if settings.silent == "reject" and "silent" in clip.notes.split():
            raise Rejected("silent", "its audio is silent")
        return clip
    if settings.audio == "required" or not clip.video:
        if not audio_seconds:
            raise Rejected("no-audio", "nothing of its audio can be decoded")
        raise Rejected(*_too_short("audio", audio_seconds, settings))
    notes = " ".join(note for note in clip.notes.split() if note != "silent")
    return replace(clip, audio=b"", samples=0, notes=notes)
