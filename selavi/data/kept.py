"""Clips of a shard made before: a shard that is made again takes over what has not changed.

Snakemake removes a rule's outputs before it makes them again. A second name (a hard link: no second
copy on the disk) keeps the tar, in `.kept` beside it, with a table of what each clip was made from.
"""

import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd

from selavi.data.media import Normalised, Segment, Streams, command_for, ffmpeg_version
from selavi.files import UserError, atomic_path, write_csv
from selavi.settings import MediaSettings

log = logging.getLogger(__name__)


class Kept:
    """The last making of one shard.

    A clip counts as unchanged if its file has the size and time of modification that it had, the
    settings, ffmpeg's command and its version are the same, and its bytes have the digest that they
    had. Videos that were set aside are always tried again.
    """

    def __init__(self, tar: Path, settings: MediaSettings) -> None:
        self.tar = tar
        self.settings = settings
        self.copy = tar.parent / ".kept" / tar.name
        self.table = self.copy.with_suffix(".csv")
        self.reused = 0
        self.rows: dict[str, dict[Any, Any]] = {}
        self.seen: dict[str, tuple[int, int]] = {}
        with suppress(OSError, ValueError, KeyError):
            rows = pd.read_csv(self.table, dtype={"id": str, "made": str, "digest": str})
            same = rows[rows["made"] == self._made_with()]
            self.rows = {str(row["id"]): row for row in same.to_dict("records")}

    def clip(self, key: str, source: Path) -> Normalised | None:
        """The clip of this id if its file is as it was; safe to call from several threads."""
        row = self.rows.get(key)
        try:
            status = source.stat()
            self.seen[key] = (status.st_size, status.st_mtime_ns)
            if row is None or self.seen[key] != (row["source_size"], row["source_time"]):
                return None
            video, audio = (self._member(row, kind) for kind in ("video", "audio"))
        except OSError:
            return None
        shape = [int(row[name]) for name in ("width", "height", "frames", "samples")]
        clip = Normalised(video, audio, *shape)
        if _digest(clip) != row["digest"]:
            return None
        self.reused += 1
        return clip

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
                "source_size": self.seen[row["id"]][0],
                "source_time": self.seen[row["id"]][1],
                "digest": _digest(Normalised(video, audio, *shape)),
                "made": self._made_with(),
            }

    def _member(self, row: dict[Any, Any], kind: str) -> bytes:
        offset, size = (int(row[f"{kind}_{what}"]) for what in ("offset", "size"))
        with self.copy.open("rb") as file:
            file.seek(offset)
            return file.read(size)

    def _made_with(self) -> str:
        command = command_for(Segment(Path("in")), Streams(0, 0), self.settings, *map(Path, "va"))
        words = self.settings.model_dump_json() + ffmpeg_version() + "\n".join(command[1:])
        return hashlib.sha256(words.encode()).hexdigest()[:16]


def _digest(clip: Normalised) -> str:
    return hashlib.sha256(clip.video + clip.audio).hexdigest()
