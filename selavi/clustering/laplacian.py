"""The graph of nearest neighbours, and the eigenvectors of its Laplacian."""

import warnings

import numpy as np
import torch
from scipy.sparse import csr_matrix
from sklearn.manifold import spectral_embedding

from selavi.neighbours import nearest_others

NEIGHBOURS = 10


def neighbour_graph(rows: np.ndarray, count: int = NEIGHBOURS) -> csr_matrix:
    """The symmetric graph of each row and its nearest others.

    Parameters
    ----------
    rows : numpy.ndarray
        (N, d) float32.
    count : int
        Neighbours per row; fewer if there are not as many rows.

    Returns
    -------
    scipy.sparse.csr_matrix
        (N, N) float64: 1 for a pair of mutual neighbours, and for a row itself, 0.5 for a pair of
        which one is the other's.
    """
    total = len(rows)
    count = min(count, total - 1)
    found = nearest_others(torch.from_numpy(rows), count).numpy()
    found = np.concatenate([np.arange(total)[:, None], found], 1)
    starts = np.arange(0, found.size + 1, count + 1)
    graph = csr_matrix((np.ones(found.size), found.ravel(), starts), shape=(total, total))
    return csr_matrix((graph + graph.T) / 2)


def laplacian_embedding(rows: np.ndarray, dims: int) -> np.ndarray:
    """Embed rows by the first eigenvectors of the normalised Laplacian of their neighbour graph.

    As spectral clustering does (Ng, Jordan and Weiss 2002; von Luxburg 2007); signs and the start
    of the eigensolver are fixed.

    Parameters
    ----------
    rows : numpy.ndarray
        (N, d) float32.
    dims : int
        Eigenvectors, at most N.

    Returns
    -------
    numpy.ndarray
        (N, dims) float64.
    """
    graph = neighbour_graph(rows)
    # The eigensolver for sparse matrices needs more rows than it finds vectors.
    solver = "arpack" if dims < len(rows) - 1 else "lobpcg"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a graph in several parts, which are clusters
        embedded: np.ndarray = spectral_embedding(
            graph, n_components=dims, eigen_solver=solver, random_state=0, drop_first=False
        )
    return embedded
