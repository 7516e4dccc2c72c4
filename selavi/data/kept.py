"""Clips of a shard made before: a shard that is made again takes over what has not changed.

Snakemake removes a rule's outputs before it makes them again. A second name (a hard link: no second
copy on the disk) keeps the tar, in `.kept` beside it, with a table of what each clip was made from.
"""

import hashlib
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from selavi.data.media import (
    Normalised,
    Segment,
    Streams,
    check_source,
    command_for,
    ffmpeg_version,
)
from selavi.files import UserError, atomic_path, write_csv
from selavi.settings import MediaSettings

log = logging.getLogger(__name__)

SOURCE = ("source_size", "source_time", "made")


class Kept:
    """The last making of one shard.

    A clip counts as unchanged if its file has the size and time of modification that it had, the
    segment taken of it, ffmpeg's command and version are the same, and its bytes and sizes have the
    digest that they had. Videos that were set aside are always tried again, and so are those whose
    sound was too short. Where the table or the tar is damaged, clips are made anew, with a warning.
    """

    def __init__(self, tar: Path, settings: MediaSettings) -> None:
        self.tar = tar
        self.settings = settings
        self.copy = tar.parent / ".kept" / tar.name
        self.table = self.copy.with_suffix(".csv")
        self.reused = 0
        self.rows: dict[str, dict[Any, Any]] = {}
        self.seen: dict[str, tuple[int, int, str]] = {}
        self.damaged: list[str] = []  # one is warned of, the others are counted
        try:
            rows = pd.read_csv(self.table, dtype={"id": str, "made": str, "digest": str})
            self.rows = {str(row["id"]): row for row in rows.to_dict("records")}
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError) as error:
            self._note_damage(f"its table cannot be read: {error}")

    def clip(self, key: str, source: Segment) -> Normalised | None:
        """The clip of this id if its source is as it was; safe to call from several threads.

        Raises Rejected and UserError as `check_source`, if its video would be set aside today.
        """
        row = self.rows.get(key)
        try:
            status = source.path.stat()
            self.seen[key] = (status.st_size, status.st_mtime_ns, self._made_with(source))
        except OSError:
            return None
        try:
            if row is None or self.seen[key] != tuple(row[name] for name in SOURCE):
                return None
            video, audio = (self._member(row, kind) for kind in ("video", "audio"))
            shape = [int(row[name]) for name in ("width", "height", "frames", "samples")]
            clip = Normalised(video, audio, *shape)
            if _digest(clip) != row["digest"]:
                raise ValueError("the clip is not as it was written")
        except (OSError, ValueError, TypeError, KeyError, OverflowError) as error:
            self._note_damage(f"{key}: {error}")
            return None
        if not self._long_enough(clip, source):
            return None
        self.reused += 1
        return clip

    def _note_damage(self, words: str) -> None:
        self.damaged.append(words)
        if len(self.damaged) == 1:
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
        places = [f"{kind}_{what}" for kind in ("video", "audio") for what in ("offset", "size")]
        names = ["id", "width", "height", "frames", "samples", *places]
        for row in good.to_dict("records"):
            shape = [int(row[name]) for name in ("width", "height", "frames", "samples")]
            video, audio = (self._member(row, kind) for kind in ("video", "audio"))
            yield {name: row[name] for name in names} | {
                "digest": _digest(Normalised(video, audio, *shape)),
                **dict(zip(SOURCE, self.seen[row["id"]], strict=True)),
            }

    def _member(self, row: dict[Any, Any], kind: str) -> bytes:
        offset, size = (int(row[f"{kind}_{what}"]) for what in ("offset", "size"))
        with self.copy.open("rb") as file:
            length = os.fstat(file.fileno()).st_size
            if not (0 <= offset <= length and 0 <= size <= length - offset):
                raise ValueError(f"no tar of {length} bytes has {size} from {offset} on")
            file.seek(offset)
            return file.read(size)

    def _long_enough(self, clip: Normalised, source: Segment) -> bool:
        """Whether `normalise` would be sure to give this clip under today's settings."""
        shortest, streams = self.settings.min_seconds, check_source(source, self.settings)
        heard = streams.audio is None or clip.samples / self.settings.audio_rate > shortest
        return heard and clip.frames / self.settings.fps > shortest

    def _made_with(self, source: Segment) -> str:
        anywhere = replace(source, path=Path("-"))
        streams = Streams(0, None if self.settings.audio == "none" else 0)
        _, *command = command_for(anywhere, streams, self.settings, Path("-"), Path("-"))
        words = json.dumps([command, ffmpeg_version()])
        return hashlib.sha256(words.encode()).hexdigest()[:16]


def _digest(clip: Normalised) -> str:
    shape = f"{clip.width} {clip.height} {clip.frames} {clip.samples}"
    return hashlib.sha256(clip.video + clip.audio + shape.encode()).hexdigest()
