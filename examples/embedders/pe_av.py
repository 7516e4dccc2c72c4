"""Perception Encoder Audio-Visual (Meta, 2025): `factory: "pe_av:video"` and `"pe_av:audio"`.

Needs `transformers`, and `timm` for video. Store audio at its own rate: `media.audio_rate: 48000`.
"""

import torch
from transformers import AutoModel, PeAudioFeatureExtractor, PeVideoVideoProcessor

MODEL = "facebook/pe-av-large"


def audio(model=MODEL):
    """Make the embedder of audio, in the space that audio and video share.

    Parameters
    ----------
    model : str
        A name on the model hub, or a folder with the files.
    """
    extractor = PeAudioFeatureExtractor.from_pretrained(model)
    network, device = _network(model)

    @torch.inference_mode()
    def embed(clips):
        for clip in clips:
            if clip.rate != extractor.sampling_rate:
                raise ValueError(
                    f"PE-AV needs {extractor.sampling_rate} Hz, and clips have {clip.rate}: set "
                    "media.audio_rate"
                )
        inputs = extractor(
            [clip.waveform for clip in clips],
            sampling_rate=extractor.sampling_rate,
            padding=True,
            return_tensors="pt",
        ).to(device)
        made = network.get_audio_embeds(inputs["input_values"], inputs.get("padding_mask"))
        return made.float().cpu().numpy()

    return embed


def video(model=MODEL):
    """Make the embedder of video, in the space that audio and video share.

    Parameters
    ----------
    model : str
        A name on the model hub, or a folder with the files.
    """
    processor = PeVideoVideoProcessor.from_pretrained(model)
    network, device = _network(model)

    @torch.inference_mode()
    def embed(clips):
        videos = [torch.from_numpy(clip.frames).permute(0, 3, 1, 2) for clip in clips]
        inputs = processor(videos, return_tensors="pt").to(device)
        return network.get_video_embeds(inputs["pixel_values_videos"]).float().cpu().numpy()

    return embed


def _network(model):
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return AutoModel.from_pretrained(model).eval().to(device), device
