"""Features and logits of all windows of a plan, in files, so that they need not fit in memory."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.lib.format import open_memmap

from selavi.label.duplicates import thumbnail_size
from selavi.label.loaded import Loaded
from selavi.label.predict import Predicted

BLOCK = 4096  # rows that are written at a time


class FeatureRows:
    """Arrays with a row per window, each an .npy file.

    Parameters
    ----------
    folder : Path
        An empty folder for the files.
    ids : Series of str
        The windows, in the order of the rows.
    loaded : Loaded
        The network.

    Attributes
    ----------
    arrays : dict of str to numpy.ndarray
        `features_{modality}` (N, D) and `logits_{modality}` (N, K) of the selected head, float32;
        NaN for windows without the modality.
    thumbnails : numpy.ndarray
        (N, D) float32, see `selavi.label.duplicates.thumbnails`; NaN for windows without video.
    """

    def __init__(self, folder: Path, ids: "pd.Series[str]", loaded: Loaded) -> None:
        self.folder = folder
        self.rows = pd.Index(ids)
        clusters = loaded.clusters
        widths = {f"features_{name}": size for name, size in loaded.feature_sizes.items()}
        widths |= {f"logits_{name}": clusters for name in loaded.network.modalities}
        self.arrays = {name: self._rows(name, width) for name, width in widths.items()}
        self.thumbnails = self._rows("thumbnails", thumbnail_size())

    def _rows(self, name: str, width: int) -> np.ndarray:
        """An array of NaN."""
        shape = (len(self.rows), width)
        if not len(self.rows):
            return np.zeros(shape, np.float32)  # a map cannot be empty
        array = open_memmap(self.path(name), "w+", np.float32, shape)
        for rows in self.blocks():
            array[rows] = np.nan
        return array

    def path(self, name: str) -> Path:
        """The file of an array."""
        return self.folder / f"{name}.npy"

    def blocks(self) -> Iterator[slice]:
        """All rows, some at a time."""
        for first in range(0, len(self.rows), BLOCK):
            yield slice(first, first + BLOCK)

    def places(self, ids: "pd.Series[str]") -> np.ndarray:
        """Rows of some windows, (n,) int; -1 for others than those wanted."""
        return self.rows.get_indexer(pd.Index(ids))

    def features(self, modalities: str) -> dict[str, np.ndarray]:
        """Features of the windows that have these modalities, such as "video+audio"."""
        names = [modalities] if f"features_{modalities}" in self.arrays else modalities.split("+")
        return {name: self.arrays[f"features_{name}"] for name in names}

    def add(self, predicted: Predicted) -> None:
        """Fill in the windows that the network has seen; others than those wanted are ignored."""
        places = self.places(pd.Series(predicted.ids, dtype=object))
        wanted = places >= 0
        for name, values in predicted.arrays.items():
            self.arrays[name][places[wanted]] = values[wanted]
        self.thumbnails[places[wanted]] = predicted.thumbnails[wanted]
