"""Replace folders: they are whole, or as they were before."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selavi.disk import part_of
from selavi.files import explain_refusal


@contextmanager
def fresh_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside `path`, and put it in its place if the block succeeds.

    What was in `path` is gone then; the targets of links are not touched.

    Raises
    ------
    UserError
        If the disk or file system refuses to write.
    """
    new = part_of(path)
    with explain_refusal(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove(new)
        new.mkdir()
        try:
            yield new
            _remove(path)
            new.rename(path)
        finally:
            _remove(new)


def _remove(folder: Path) -> None:
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)
