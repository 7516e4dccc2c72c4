"""Torchvision's video classifiers as embedders: r2plus1d_18, swin3d_t, mvit_v2_s and others."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torchvision.models import get_model, get_model_weights, list_models, video

from selavi.embedding.clip import Clip
from selavi.embedding.embedder import Embedder
from selavi.files import UserError
from selavi.models.torchvision_weights import torchvision_weights
from selavi.models.weights_file import describe_mismatch, read_weights_file

CLASSIFIERS = ("fc", "head", "classifier")


def torchvision_video(name: str, weights: str | None = None) -> Embedder:
    """Make the embedder: the features before the classifier.

    Parameters
    ----------
    name : str
        Name of a model of torchvision.models.video.
    weights : str, optional
        A file of its weights; by default torchvision's own, which are downloaded once.

    Returns
    -------
    Embedder
        Of video.

    Raises
    ------
    UserError
        If there is no such model, or its weights cannot be had.
    """
    known = list_models(module=video)
    if name not in known:
        raise UserError(f"torchvision has no video model {name!r}, only {', '.join(known)}")
    source = get_model_weights(name).DEFAULT
    network = get_model(name, weights=None)
    path = Path(weights) if weights else torchvision_weights(source.url)
    weights_of, _ = read_weights_file(path)
    if mismatch := describe_mismatch(weights_of, network.state_dict()):
        raise UserError(f"{path} has no weights of torchvision's {name}: {mismatch}")
    network.load_state_dict(weights_of)
    for classifier in CLASSIFIERS:
        if hasattr(network, classifier):
            setattr(network, classifier, nn.Identity())
    network.eval()
    prepare = source.transforms()

    @torch.inference_mode()
    def embed(clips: Sequence[Clip]) -> np.ndarray:
        inputs = [prepare(torch.from_numpy(c.frames).permute(0, 3, 1, 2)) for c in clips]
        return network(torch.stack(inputs)).float().numpy()

    return embed
