"""Scene changes of files, found once: to find them, a file is decoded as a whole."""

import json
import math
from pathlib import Path

from selavi.data.manifest import id_of
from selavi.data.media import shots as detector
from selavi.data.media.timeline import Segment
from selavi.files import write_text
from selavi.label.inputs import Input, key_of


class ShotCuts:
    """Finds the scene changes of files, unless they are known.

    Parameters
    ----------
    folder : Path
        Where a file per video keeps what was found.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, each: Input) -> list[float]:
        """Times of the scene changes of a file, in seconds. Raises as `shots`."""
        status = each.path.stat()
        version = f"{status.st_size}:{status.st_mtime_ns}"
        rules = f"{detector.CUT} {detector.GRADUAL}"
        name = id_of(f"{key_of(each.name, each.start, each.end)} {version} {rules}")
        known = self.folder / f"{name}.json"
        try:
            return [float(time) for time in json.loads(known.read_text(encoding="utf-8"))]
        except (OSError, ValueError, TypeError):
            pass
        start, end = (None if math.isnan(time) else time for time in (each.start, each.end))
        found, problem = detector.find_shots(Segment(each.path, start, end))
        if not problem:  # another call may decode the file to its end
            write_text(known, json.dumps(found))
        return found
