"""SeLaVi: label unlabelled videos by audio-visual self-labelling (arXiv 2006.13662)."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selavi.data.dataset import Clips, open_clips
    from selavi.data.schema import read_index
    from selavi.evaluation.assign import predict
    from selavi.evaluation.scores import contingency_table, plain_scores
    from selavi.label.model import Model, load
    from selavi.labelling.relabel import relabel
    from selavi.labelling.sinkhorn.front import sinkhorn
    from selavi.models.checkpoint import load_model

__version__ = "0.1.0"
__all__ = [
    "Clips", "Model", "contingency_table", "load", "load_model", "open_clips", "plain_scores",
    "predict", "read_index", "relabel", "sinkhorn",
]  # fmt: skip
# Imported on first use: PyTorch takes seconds, and `selavi --help` needs none of these.
_HOMES = {
    "Clips": "selavi.data.dataset",
    "Model": "selavi.label.model",
    "contingency_table": "selavi.evaluation.scores",
    "load": "selavi.label.model",
    "load_model": "selavi.models.checkpoint",
    "open_clips": "selavi.data.dataset",
    "plain_scores": "selavi.evaluation.scores",
    "predict": "selavi.evaluation.assign",
    "read_index": "selavi.data.schema",
    "relabel": "selavi.labelling.relabel",
    "sinkhorn": "selavi.labelling.sinkhorn.front",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'selavi' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
