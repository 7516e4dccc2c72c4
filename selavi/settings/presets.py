"""Presets: values of media, views, networks and training that fit together."""

from typing import Any, Literal

from selavi.settings.merge import inherit

Preset = Literal["small", "paper", "features"]
Sections = dict[str, dict[str, Any]]

PRESETS: dict[Preset, Sections] = {
    # Clips of 32 pixels and narrow networks, which train on a CPU.
    "small": {
        "media": {"short_side": 36, "fps": 8.0, "audio_rate": 16000},
        "video": {
            "frames": 6, "fps": 6.0, "scale_min": 32, "scale_max": 40, "crop": 32, "grey": True,
            "normalise": "clip", "jitter": 0.2,
        },
        "audio": {
            "filters": 40, "fft": 512, "normalise": "clip", "shift": 8, "mask_filters": 6,
            "mask_frames": 15,
        },
        "network": {
            "video_encoder": "r2plus1d_narrow", "audio_encoder": "resnet_narrow", "heads": 4,
            "hidden": 128,
        },
        "labelling": {"source": "epoch", "tolerance": 0.05},
        "training": {"epochs": 64, "batch_size": 32, "base_lr": 0.05, "warmup_epochs": 2},
    },
    # Heads on given features; default where all encoders are frozen.
    "features": {
        "network": {
            "video_encoder": "frozen", "audio_encoder": "frozen", "preparation": "auto",
            "heads": 6, "hidden": 64, "dropout": 0.0,
        },
        "feature_views": {"neighbours": 10},
        "labelling": {
            "first": "kmeans", "first_share": 0.25, "align": False, "optimisations": 15,
            "result": "consensus",
        },
        "training": {
            "optimizer": "adamw", "schedule": "cosine", "epochs": 40, "least_steps": 240,
            "batch_size": 256, "base_lr": 0.003, "warmup_from": 1e-5, "warmup_epochs": 2,
            "weight_decay": 1e-4,
        },
    },
    "paper": {},  # the defaults of all settings are the paper's
}  # fmt: skip
"""By preset and section, the values that differ from the defaults."""


def with_preset(raw: Any, sections: tuple[str, ...]) -> Any:
    """Replace the key `preset` by its values, under those that `raw` gives itself.

    Parameters
    ----------
    raw : Any
        A dataset or a run as YAML gives it. Anything but a mapping with a known preset is returned
        as it is.
    sections : tuple of str
        The sections of the preset that belong there.

    Returns
    -------
    Any
        The mapping without the key `preset`.
    """
    preset = raw.get("preset") if isinstance(raw, dict) else None
    if not isinstance(preset, str) or preset not in PRESETS:
        return raw
    values = {k: v for k, v in PRESETS[preset].items() if k in sections}
    return inherit(values, {key: value for key, value in raw.items() if key != "preset"})
