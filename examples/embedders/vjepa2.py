"""V-JEPA 2 (Assran et al., 2025), video: `factory: "vjepa2:video"`. Needs `transformers`.

It sees 64 frames of 256 pixels: `frames: 64`, `media.short_side: 256`; a small `batch_size` saves
memory.
"""

import torch
from transformers import VJEPA2Model, VJEPA2VideoProcessor


def video(model="facebook/vjepa2-vitl-fpc64-256"):
    """Make the embedder: the mean of the encoder's patch features.

    Parameters
    ----------
    model : str
        A name on the model hub, or a folder with the files.
    """
    processor = VJEPA2VideoProcessor.from_pretrained(model)
    network = VJEPA2Model.from_pretrained(model).eval()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network.to(device)

    @torch.inference_mode()
    def embed(clips):
        videos = [torch.from_numpy(clip.frames).permute(0, 3, 1, 2) for clip in clips]
        inputs = processor(videos, return_tensors="pt").to(device)
        features = network.get_vision_features(**inputs)
        return features.mean(1).float().cpu().numpy()

    return embed
