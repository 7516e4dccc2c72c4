"""CLAP (Wu et al., 2023), audio: `factory: "clap:audio"`. Needs `transformers`.

Store audio at CLAP's own rate: `media.audio_rate: 48000`. It sees 10 s: `seconds: 10`.
"""

import torch
from transformers import ClapAudioModelWithProjection, ClapFeatureExtractor


def audio(model="laion/clap-htsat-unfused"):
    """Make the embedder: the projected audio embedding.

    Parameters
    ----------
    model : str
        A name on the model hub, or a folder with the files.
    """
    extractor = ClapFeatureExtractor.from_pretrained(model)
    network = ClapAudioModelWithProjection.from_pretrained(model).eval()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network.to(device)

    @torch.inference_mode()
    def embed(clips):
        for clip in clips:
            if clip.rate != extractor.sampling_rate:
                raise ValueError(
                    f"CLAP needs {extractor.sampling_rate} Hz, and clips have {clip.rate}: set "
                    "media.audio_rate"
                )
        inputs = extractor(
            [clip.waveform for clip in clips],
            sampling_rate=extractor.sampling_rate,
            return_tensors="pt",
        )
        return network(**inputs.to(device)).audio_embeds.float().cpu().numpy()

    return embed
