"""A folder per cluster with links to its videos, to look through with any file manager."""

from errno import ENOSYS, ENOTSUP, EOPNOTSUPP, EPERM
from pathlib import Path

import pandas as pd

from selavi.files import UserError
from selavi.label.formats.file_names import link_names, safe_name
from selavi.label.formats.folders import fresh_folder
from selavi.label.formats.windows import names_of

NO_LINKS = (EPERM, ENOTSUP, EOPNOTSUPP, ENOSYS)
"""What file systems without symbolic links say: vfat and exFAT the first, networks the others."""


def write_links(rows: pd.DataFrame, folder: Path) -> None:
    """Make folders such as "07 barking dog" with a symbolic link to each video of the cluster.

    A video with windows in several clusters is in several folders, once in each.

    Raises
    ------
    UserError
        If the file system has no symbolic links, or refuses to write.
    """
    names = names_of(rows)
    digits = len(str(max(names, default=0)))
    with fresh_folder(folder) as new:
        for cluster, of_cluster in rows.groupby("cluster"):
            shown = names[int(str(cluster))]
            number = f"{cluster:0{digits}d}"
            bare = shown == f"cluster {cluster}"
            inside = new / (number if bare else f"{number} {safe_name(shown)}")
            inside.mkdir()
            for path, name in link_names(of_cluster["path"]).items():
                _link(Path(path).absolute(), inside / name, folder)


def _link(target: Path, link: Path, folder: Path) -> None:
    try:
        link.symlink_to(target)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        raise UserError(
            f"{folder} cannot have links ({error.strerror}); choose an output folder "
            "on another disk, or leave out --link-folders"
        ) from None
