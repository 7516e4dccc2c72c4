"""The network of a training that starts, with the preparation of given features fitted to them."""

import numpy as np
import torch

from selavi.data.dataset import Clips
from selavi.engine.process_group import Group, all_sum
from selavi.models.checkpoint import build_network
from selavi.models.network import Network
from selavi.models.preparation import Preparation
from selavi.settings import RunSettings


def prepared_network(settings: RunSettings, clips: Clips, group: Group) -> Network:
    """Build the network of a run, untrained.

    Parameters
    ----------
    settings : RunSettings
        Of the run.
    clips : Clips
        Of the training split; to their features, rank 0 fits the preparation, which is the same on
        all ranks.
    group : Group
        The process group.

    Returns
    -------
    Network
        On the CPU.

    Raises
    ------
    UserError
        If features cannot be prepared.
    """
    network = build_network(
        settings, {name: rows.shape[1] for name, rows in clips.features.items()}
    )
    for modality, rows in clips.features.items():
        preparation = network.encoders[modality]
        if group.first:
            usable = np.delete(rows, list(clips.rejected), 0) if clips.rejected else rows
            kind, dims = settings.network.preparation, settings.network.dims
            fitted = Preparation.fit(usable, kind, dims, settings.seed)
            preparation.load_state_dict(fitted.state_dict())
        for buffer in preparation.buffers():
            own = buffer if group.first else torch.zeros_like(buffer)
            buffer.copy_(all_sum(own.to(group.device)))
    return network
