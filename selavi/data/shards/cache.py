"""Cache of a shard's previous version, so that writing it again reuses unchanged clips.

Snakemake removes a rule's outputs before it makes them again. A hard link (no second copy on disk)
keeps the tar in `.shard_cache` beside it, with a table of what each clip was made from.
"""

import hashlib
import json
import logging
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from selavi.data.media.checks import check_length
from selavi.data.media.decode import command_for
from selavi.data.media.encode import Normalised, encoder_options
from selavi.data.media.ffmpeg import ffmpeg_version
from selavi.data.media.streams import Audio, Streams, find_streams
from selavi.data.media.timeline import Segment, Timeline
from selavi.data.schema import PLACES
from selavi.files import UserError, atomic_path, write_csv
from selavi.settings import MediaSettings

log = logging.getLogger(__name__)

VERSION = 1
"""Of the processing between ffmpeg's decoders and the encoder; raise it when that changes."""
SOURCE = ("source_size", "source_time", "made")


class ShardCache:
    """The previous version of one shard.

    A clip is unchanged if its file has the same size and time of modification, if the segment,
    ffmpeg's command and its version are the same, and if its bytes and sizes have the same digest.
    Rejected videos, and those with a stream that was too short, are always tried again. If the
    table or the tar is damaged, clips are encoded again and a warning is logged.

    Parameters
    ----------
    tar : Path
        The shard.
    settings : MediaSettings
        How its videos are normalised now.
    """

    def __init__(self, tar: Path, settings: MediaSettings) -> None:
        self.tar = tar
        self.settings = settings
        self.copy = tar.parent / ".shard_cache" / tar.name
        self.table = self.copy.with_suffix(".csv")
        self.reused = 0
        self.rows: dict[str, dict[Any, Any]] = {}
        self.sources: dict[str, tuple[int, int, str]] = {}
        self.damaged = 0
        try:
            text = {"id": str, "made": str, "digest": str, "notes": str}
            rows = pd.read_csv(self.table, dtype=text, keep_default_na=False)
            self.rows = {str(row["id"]): row for row in rows.to_dict("records")}
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError) as error:
            self._note_damage(f"its table cannot be read: {error}")

    def clip(self, key: str, source: Segment) -> Normalised | None:
        """Return a clip if its source is unchanged; safe to call from several threads.

        Parameters
        ----------
        key : str
            The clip's id.
        source : Segment
            The video.

        Returns
        -------
        Normalised or None
            The clip, None if it has to be made.

        Raises
        ------
        Rejected
            If `settings` reject the clip now.
        """
        row = self.rows.get(key)
        try:
            status = source.path.stat()
            self.sources[key] = (status.st_size, status.st_mtime_ns, self._made_with(source))
        except OSError:
            return None
        if row is None:
            return None
        try:
            if self.sources[key] != tuple(row[name] for name in SOURCE):
                return None
            clip = self._read(row)
        except (OSError, ValueError, TypeError, KeyError, OverflowError) as error:
            self._note_damage(f"{key}: {error}")
            return None
        # The settings may have changed: a stream that was too short may be long enough now.
        if not clip.video or not clip.audio:
            streams = find_streams(source.path, self.settings)
            if (streams.video is not None and not clip.video) or (streams.audio and not clip.audio):
                return None
        checked = check_length(clip, self.settings)
        self.reused += 1
        return checked

    def _note_damage(self, problem: str) -> None:
        self.damaged += 1
        if self.damaged == 1:  # one warning per shard is enough
            log.warning("%s is damaged (%s); its clips are encoded again", self.copy, problem)

    def store(self, table: pd.DataFrame) -> None:
        """Cache the shard just written. A disk without hard links has no cache.

        Parameters
        ----------
        table : DataFrame
            The shard's table.
        """
        accepted = table[table["reason"] == ""]
        try:
            self.copy.parent.mkdir(exist_ok=True)
            self.table.unlink(missing_ok=True)  # a table must never describe another tar
            with atomic_path(self.copy) as temporary:
                temporary.unlink(missing_ok=True)
                os.link(self.tar, temporary)
            write_csv(self.table, pd.DataFrame(list(self._describe(accepted))))
        except (OSError, UserError) as error:
            log.info("%s is not cached: %s", self.tar, error)

    def _describe(self, accepted: pd.DataFrame) -> Iterator[dict[Any, Any]]:
        names = ["id", "width", "height", "frames", "samples", "notes", *PLACES]
        for row in accepted.to_dict("records"):
            yield {name: row[name] for name in names} | {
                "digest": _digest(self._clip(row)),
                **dict(zip(SOURCE, self.sources[row["id"]], strict=True)),
            }

    def _read(self, row: dict[Any, Any]) -> Normalised:
        """Read a clip. Raises ValueError and others if its row or the tar is damaged."""
        clip = self._clip(row)
        if _digest(clip) != row["digest"]:
            raise ValueError("its digest differs")
        return clip

    def _clip(self, row: dict[Any, Any]) -> Normalised:
        video, audio = (self._member(row, kind) for kind in ("video", "audio"))
        width, height, frames, samples = (
            int(row[name]) for name in ("width", "height", "frames", "samples")
        )
        return Normalised(video, audio, width, height, frames, samples, row["notes"])

    def _member(self, row: dict[Any, Any], kind: str) -> bytes:
        offset, size = (int(row[f"{kind}_{what}"]) for what in ("offset", "size"))
        with self.copy.open("rb") as file:
            length = os.fstat(file.fileno()).st_size
            if not (0 <= offset <= length and 0 <= size <= length - offset):
                raise ValueError(f"{size} bytes at {offset} are beyond the tar's {length} bytes")
            file.seek(offset)
            return file.read(size)

    def _made_with(self, source: Segment) -> str:
        """Hash of everything but the file that determines a clip."""
        streams = Streams("any", 0, () if self.settings.audio == "none" else (Audio(0),))
        track = streams.audio[0] if streams.audio else None
        timeline = Timeline(source.start or 0.0, source.end or math.inf, {}, width=160, height=90)
        _, *command = command_for(Path("-"), streams, track, timeline, self.settings, Path("-"))
        recipe = [command, source.start, encoder_options(self.settings), ffmpeg_version(), VERSION]
        return hashlib.sha256(json.dumps(recipe).encode()).hexdigest()[:16]


def _digest(clip: Normalised) -> str:
    facts = (clip.width, clip.height, clip.frames, clip.samples, clip.notes)
    return hashlib.sha256(clip.video + clip.audio + repr(facts).encode()).hexdigest()
