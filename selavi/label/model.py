"""A trained model as a library: label files, or take their features."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import PathLike, fspath
from pathlib import Path

import pandas as pd

from selavi.label.features import Features, features, windows_for
from selavi.label.label import label
from selavi.label.loaded import Loaded, load_labeller
from selavi.label.options import Options
from selavi.label.windows import Windowing

Paths = str | PathLike[str] | Sequence[str | PathLike[str]]
"""One path or several."""


class Model:
    """A trained model, made by `load`.

    Parameters
    ----------
    loaded : Loaded
        The network.

    Attributes
    ----------
    loaded : Loaded
        The network, its settings and the selected head.
    """

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded

    def __repr__(self) -> str:
        what = " and ".join(self.loaded.settings.modalities)
        return f"Model({self.clusters} clusters of {what}, head {self.loaded.head})"

    @property
    def clusters(self) -> int:
        """Number of clusters (K); a cluster is a number from 0 to K - 1."""
        return self.loaded.clusters

    def label(
        self,
        paths: Paths,
        window: float | None = None,
        stride: float | None = None,
        workers: int | None = None,
        output: str | PathLike[str] | None = None,
    ) -> pd.DataFrame:
        """Label files.

        Parameters
        ----------
        paths : path or sequence of paths
            Files, folders, and tables of files.
        window : float, optional
            Length of a window in seconds. By default a file of less than 30 s is one window, and a
            longer one has windows of 10 s.
        stride : float, optional
            Seconds from one window's start to the next one's, by default `window`.
        workers : int, optional
            Windows decoded at a time, by default one per CPU.
        output : path, optional
            A folder for the tables and for what is needed to resume. By default nothing is kept.

        Returns
        -------
        DataFrame
            Columns `selavi.data.schema.LABELS`: a row per window, and one per file that cannot be
            used, with the reason.

        Raises
        ------
        UserError
            If there are no files, or the machine is at fault.
        """
        with _folder(output) as folder:
            options = Options(windowing=Windowing(window, stride), workers=workers)
            return label(_listed(paths), self.loaded, folder, options)

    def features(
        self,
        paths: Paths,
        window: float | None = None,
        stride: float | None = None,
        workers: int | None = None,
    ) -> Features:
        """Compute pooled features and logits.

        Parameters
        ----------
        paths : path or sequence of paths
            Files, folders, and tables of files.
        window : float, optional
            As in `label`.
        stride : float, optional
            Without `window`: one row every `stride` seconds, each of the clip that the network
            sees.
        workers : int, optional
            As in `label`.

        Returns
        -------
        Features
            A row per window, with arrays `features_{modality}` and `logits_{modality}`.

        Raises
        ------
        UserError
            If there are no files, or the machine is at fault.
        """
        windowing = windows_for(window, stride, self.loaded)
        with tempfile.TemporaryDirectory(prefix="selavi-") as folder:
            options = Options(windowing=windowing, workers=workers)
            return features(_listed(paths), self.loaded, Path(folder), options)


def load(source: str | PathLike[str]) -> Model:
    """Load a trained model.

    Parameters
    ----------
    source : path or str
        A model file of selavi or in the format of the paper's authors, or `zoo:NAME`.

    Returns
    -------
    Model
        The model, to label files with.

    Raises
    ------
    UserError
        If the file is missing or no model.
    """
    return Model(load_labeller(fspath(source)))


def _listed(paths: Paths) -> list[Path]:
    return [Path(paths)] if isinstance(paths, str | PathLike) else [Path(path) for path in paths]


@contextmanager
def _folder(output: str | PathLike[str] | None) -> Iterator[Path]:
    """The folder to write, or a temporary one."""
    if output is not None:
        yield Path(output)
        return
    with tempfile.TemporaryDirectory(prefix="selavi-") as folder:
        yield Path(folder)
