"""A model's weights in the formats of other programs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from selavi.files import UserError
from selavi.models.checkpoint import model_content
from selavi.models.network import Network
from selavi.models.paper_checkpoint import release_content
from selavi.models.safetensors_file import write_safetensors
from selavi.settings import RunSettings
from selavi.tensor_files import save_tensors

TORCHVISION_NETWORKS = {
    "r2plus1d_18": ("from torchvision.models.video import r2plus1d_18", "r2plus1d_18()"),
    "resnet_9": (
        "from torchvision.models.resnet import BasicBlock, ResNet",
        "ResNet(BasicBlock, [1, 1, 1, 1])",
    ),
    "resnet_18": (
        "from torchvision.models.resnet import BasicBlock, ResNet",
        "ResNet(BasicBlock, [2, 2, 2, 2])",
    ),
}
"""By encoder: how to import torchvision's class, and how to build the network."""

Files = dict[str, str]
"""By name of a file: Python code that loads it."""


def write_torchvision(
    folder: Path, network: Network, settings: RunSettings, facts: dict[str, Any]
) -> Files:
    """Write the state dict of each encoder, for torchvision's class.

    Parameters
    ----------
    folder : Path
        Where to write `{modality}_encoder.pth`.
    network : Network
        The network.
    settings : RunSettings
        Settings that it was trained with.
    facts : dict
        Of its model file.

    Returns
    -------
    dict of str to str
        By name of a file: the code that loads it.

    Raises
    ------
    UserError
        If torchvision has no such network.
    """
    files, names = {}, settings.network.model_dump()
    for modality in network.encoders:
        if names[f"{modality}_encoder"] not in TORCHVISION_NETWORKS:
            raise UserError(
                f"torchvision has no network of network.{modality}_encoder = "
                f"{names[f'{modality}_encoder']}; use --format safetensors"
            )
    for modality, encoder in network.encoders.items():
        file = f"{modality}_encoder.pth"
        weights = {name: value.contiguous() for name, value in encoder.state_dict().items()}
        save_tensors(folder / file, weights)
        stem = _first_layer(modality, settings.video.grey)
        statement, build = TORCHVISION_NETWORKS[names[f"{modality}_encoder"]]
        lines = [
            "import torch",
            statement,
            "",
            f"{modality} = {build}",
            *([f"{modality}.{stem}"] if stem else []),
            f"{modality}.fc = torch.nn.Identity()",
            f'{modality}.load_state_dict(torch.load("{file}", weights_only=True))',
            f"{modality}.eval()  # gives 512 features per clip",
        ]
        files[file] = "\n".join(lines)
    return files


def _first_layer(modality: str, grey: bool) -> str:
    """How to replace a layer that is not torchvision's; "" if it is."""
    if modality == "audio":
        return "conv1 = torch.nn.Conv2d(1, 64, 7, 2, 3, bias=False)"
    convolution = "torch.nn.Conv3d(1, 45, (1, 7, 7), (1, 2, 2), (0, 3, 3), bias=False)"
    return f"stem[0] = {convolution}" if grey else ""


def write_safetensors_model(
    folder: Path, network: Network, settings: RunSettings, facts: dict[str, Any]
) -> Files:
    """Write `model.safetensors`; parameters and result as `write_torchvision`."""
    file = "model.safetensors"
    write_safetensors(folder / file, model_content(network, settings, facts))
    return {file: _our_loader(file)}


def write_released(
    folder: Path, network: Network, settings: RunSettings, facts: dict[str, Any]
) -> Files:
    """Write `model.pth.tar`, in the authors' format; parameters and result as above."""
    file = "model.pth.tar"
    save_tensors(folder / file, release_content(network, settings, facts))
    return {file: _our_loader(file)}


def _our_loader(file: str) -> str:
    return (
        "from pathlib import Path\n\nimport selavi\n\n"
        f'network, settings, facts = selavi.load_model(Path("{file}"))\n'
        f"# or label videos with it: selavi label VIDEOS --model {file}"
    )


WRITERS: dict[str, Callable[[Path, Network, RunSettings, dict[str, Any]], Files]] = {
    "torchvision": write_torchvision,
    "safetensors": write_safetensors_model,
    "released": write_released,
}
"""Writers by name of the format."""
