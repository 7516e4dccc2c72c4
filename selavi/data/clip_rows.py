"""Rows of shard tables and indexes: the numbers in them are such as clips can have.

They say where bytes are read and how much memory they need, and a file may be damaged.
"""

from pathlib import Path

import pandas as pd

from selavi.data.schema import CHECKSUMS
from selavi.files import UserError

BOUNDS = {
    "width": (1, 2**15), "height": (1, 2**15), "frames": (1, 2**31), "fps": (1e-3, 1000),
    "samples": (0, 2**40), "rate": (0, 2**20), "video_offset": (0, 2**48),
    "video_size": (0, 2**40), "audio_offset": (0, 2**48), "audio_size": (0, 2**40),
    "video_crc": (0, 2**32 - 1), "audio_crc": (0, 2**32 - 1),
}  # fmt: skip


def checked_rows(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The table that was read from `path`, if its clips' numbers are such as clips can have.

    Rejected rows have no numbers. Raises UserError naming the clip and the number.
    """
    clips = table[table["reason"] == ""] if "reason" in table else table
    for name, (least, most) in BOUNDS.items():
        if name in CHECKSUMS and name not in table:
            continue
        if name not in table:
            raise UserError(f"{path} has no column {name!r}; make it again with its stage")
        values = pd.to_numeric(clips[name], errors="coerce")
        bad = ~values.between(least, most) | ((values % 1 != 0) & (name != "fps"))
        if name in CHECKSUMS:  # which shards made before do not have
            bad &= clips[name].notna()
        if bad.any():
            first = clips[bad].iloc[0]
            raise UserError(
                f"{path} is damaged: {first['key']} has {name} = {str(first[name])[:40]!r}, which "
                "no clip has; remove that file and run the same command again"
            )
        if clips is table and name != "fps":
            whole = values.astype("Int64") if name in CHECKSUMS else values.astype("int64")
            table = table.assign(**{name: whole})
    return table
