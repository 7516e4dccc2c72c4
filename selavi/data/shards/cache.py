"""Clips of a shard made before: a shard that is made again takes over what has not changed.

Snakemake removes a rule's outputs before it makes them again. A second name (a hard link: no second
copy on the disk) keeps the tar, in `.kept` beside it, with a table of what each clip was made from.
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

from selavi.data.media.decode import command_for
from selavi.data.media.encode import encoder_options
from selavi.data.media.ffmpeg import ffmpeg_version
from selavi.data.media.normalise import Normalised, judge
from selavi.data.media.streams import Audio, Streams, find_streams
from selavi.data.media.timeline import Segment, Timeline
from selavi.data.schema import PLACES
from selavi.files import UserError, atomic_path, write_csv
from selavi.settings import MediaSettings

log = logging.getLogger(__name__)

VERSION = 1
"""Of what is done to frames and samples between ffmpeg's decoders and the encoder."""
SOURCE = ("source_size", "source_time", "made")


class Kept:
    """The last making of one shard.

    A clip counts as unchanged if its file has the size and time of modification that it had, the
    segment taken of it, ffmpeg's command and version are the same, and its bytes and sizes have the
    digest that they had. Rejected videos are always retried, and so are those whose
    audio was too short. Where the table or the tar is damaged, clips are encoded again and a
    warning is logged.
    """

    def __init__(self, tar: Path, settings: MediaSettings) -> None:
        self.tar = tar
        self.settings = settings
        self.copy = tar.parent / ".kept" / tar.name
        self.table = self.copy.with_suffix(".csv")
        self.reused = 0
        self.rows: dict[str, dict[Any, Any]] = {}
        self.seen: dict[str, tuple[int, int, str]] = {}
        self.damaged = 0  # the first is warned of, the others are counted
        try:
            text = {"id": str, "made": str, "digest": str, "notes": str}
            rows = pd.read_csv(self.table, dtype=text, keep_default_na=False)
            self.rows = {str(row["id"]): row for row in rows.to_dict("records")}
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError) as error:
            self._note_damage(f"its table cannot be read: {error}")

    def clip(self, key: str, source: Segment) -> Normalised | None:
        """The clip of this id if its source is as it was; safe to call from several threads.

        Raises Rejected and UserError as `normalise`, if its video would be rejected today.
        """
        row = self.rows.get(key)
        try:
            status = source.path.stat()
            self.seen[key] = (status.st_size, status.st_mtime_ns, self._made_with(source))
        except OSError:
            return None
        if row is None:
            return None
        try:
            if self.seen[key] != tuple(row[name] for name in SOURCE):
                return None
            clip = self._read(row)
        except (OSError, ValueError, TypeError, KeyError, OverflowError) as error:
            self._note_damage(f"{key}: {error}")
            return None
        # Audio that was too short then may do now.
        if not clip.audio and find_streams(source.path, self.settings).audio:
            return None
        judged = judge(clip, self.settings)
        self.reused += 1
        return judged

    def _note_damage(self, words: str) -> None:
        self.damaged += 1
        if self.damaged == 1:
            log.warning(
                "%s is damaged (%s); what cannot be taken from it is made anew", self.copy, words
            )

    def keep(self, table: pd.DataFrame) -> None:
        """Keep the shard just written. Where the disk has no hard links, nothing is kept."""
        good = table[table["reason"] == ""]
        try:
            self.copy.parent.mkdir(exist_ok=True)
            self.table.unlink(missing_ok=True)  # a table never speaks of another tar than its own
            with atomic_path(self.copy) as temporary:
                temporary.unlink(missing_ok=True)
                os.link(self.tar, temporary)
            write_csv(self.table, pd.DataFrame(list(self._describe(good))))
        except (OSError, UserError) as error:
            log.info("nothing is kept of %s for a later making: %s", self.tar, error)

    def _describe(self, good: pd.DataFrame) -> Iterator[dict[Any, Any]]:
        names = ["id", "width", "height", "frames", "samples", "notes", *PLACES]
        for row in good.to_dict("records"):
            yield {name: row[name] for name in names} | {
                "digest": _digest(self._clip(row)),
                **dict(zip(SOURCE, self.seen[row["id"]], strict=True)),
            }

    def _read(self, row: dict[Any, Any]) -> Normalised:
        """A clip as it was kept. Raises ValueError and others if the row or the tar is damaged."""
        clip = self._clip(row)
        if _digest(clip) != row["digest"]:
            raise ValueError("the clip is not as it was written")
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
                raise ValueError(f"no tar of {length} bytes has {size} from {offset} on")
            file.seek(offset)
            return file.read(size)

    def _made_with(self, source: Segment) -> str:
        streams = Streams("any", 0, () if self.settings.audio == "none" else (Audio(0),))
        track = streams.audio[0] if streams.audio else None
        timeline = Timeline(source.start or 0.0, source.end or math.inf, {}, width=160, height=90)
        _, *command = command_for(Path("-"), streams, track, timeline, self.settings, Path("-"))
        words = [command, source.start, encoder_options(self.settings), ffmpeg_version(), VERSION]
        return hashlib.sha256(json.dumps(words).encode()).hexdigest()[:16]


def _digest(clip: Normalised) -> str:
    facts = (clip.width, clip.height, clip.frames, clip.samples, clip.notes)
    return hashlib.sha256(clip.video + clip.audio + repr(facts).encode()).hexdigest()
