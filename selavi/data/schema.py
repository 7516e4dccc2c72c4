"""Columns of the manifest, shard tables and index, as opposed to a user's own columns."""

import re

import pandas as pd

# Of a shard's table, in their order.
COLUMNS = [
    "id", "key", "path", "label", "start", "end", "reason", "detail", "width", "height", "frames",
    "fps", "samples", "rate", "notes", "video_offset", "video_size", "audio_offset", "audio_size",
    "video_crc", "audio_crc",
]  # fmt: skip
CHECKSUMS = ("video_crc", "audio_crc")
# All others are text, users' own included.
NUMBERS = (
    "sample", "start", "end", "width", "height", "frames", "fps", "samples", "rate",
    "video_offset", "video_size", "audio_offset", "audio_size", "video_crc", "audio_crc",
    "kilobytes",
)  # fmt: skip
_RESERVED = {*COLUMNS, *NUMBERS, "shard", "cluster", "confidence", "margin", "head"}
_OF_HEADS = re.compile(r".*_head[^_]*(_confidence|_margin)?")


def is_reserved(name: str) -> bool:
    """Whether a stage writes, or will add, a column of this name."""
    return name in _RESERVED or _OF_HEADS.fullmatch(name) is not None


def further(table: pd.DataFrame) -> list[str]:
    """Columns that a user's table brought along."""
    return [name for name in table.columns if not is_reserved(name)]
