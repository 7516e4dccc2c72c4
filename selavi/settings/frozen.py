"""What must hold of runs whose encoders are frozen, between sections of the file."""

from collections.abc import Mapping

from selavi.settings.data import DatasetSettings
from selavi.settings.embedding import EmbedderSettings, embedder_settings
from selavi.settings.encoders import (
    FROZEN,
    FeatureFiles,
    embedder_folder,
    is_frozen,
    require_known,
)
from selavi.settings.run import RunSettings
from selavi.settings.section import Modality


def check_frozen(
    name: str, run: RunSettings, data: DatasetSettings, embedders: dict[str, EmbedderSettings]
) -> None:
    """Check that what a run does not train is given, and that what it trains has media.

    Parameters
    ----------
    name : str
        Name of the run.
    run : RunSettings
        Its settings.
    data : DatasetSettings
        Its dataset.
    embedders : dict of str to EmbedderSettings
        Embedders that the configuration defines, by name.

    Raises
    ------
    ValueError
        Naming the key, and the remedy.
    """
    files = data.features or FeatureFiles()
    for modality in run.modalities:
        key, encoder = f"runs.{name}.network.{modality}_encoder", run.network.encoder(modality)
        require_known(key, modality, encoder, embedders)
        if is_frozen(modality, encoder) and encoder != FROZEN:
            embedder_settings(encoder, modality, embedders)  # raises if it is for the other
        if encoder == FROZEN and getattr(files, modality) is None:
            raise ValueError(
                f"{key} is frozen, and datasets.{run.dataset}.features names no {modality} file; "
                "name one, or set modalities to the other modality alone"
            )
    for split, settings in data.splits.items():
        if settings.clips is None:
            continue
        for modality in run.modalities:
            if run.network.encoder(modality) != FROZEN:
                raise ValueError(
                    f"runs.{name} sees the {modality} of clips, and datasets.{run.dataset}.splits."
                    f"{split}.clips has no media; set network.{modality}_encoder: frozen and "
                    f"datasets.{run.dataset}.features.{modality}, or use a folder of videos"
                )


def require_folders(runs: Mapping[str, RunSettings]) -> None:
    """Raise ValueError if features by two embedders of a modality would be in one folder."""
    named: dict[tuple[str, Modality], str] = {}
    for name, run in runs.items():
        for modality in run.frozen:
            encoder = run.network.encoder(modality)
            other = named.setdefault((embedder_folder(encoder), modality), encoder)
            if other != encoder:
                raise ValueError(
                    f"runs.{name}.network.{modality}_encoder = {encoder!r} and {other!r} of "
                    "another run have the same folder of features, "
                    f"{embedder_folder(encoder)}; name one of them under `embedders`"
                )


def require_trained(stage: str, name: str, run: RunSettings, modality: Modality) -> None:
    """Raise ValueError if a stage needs an encoder that a run does not train."""
    if modality in run.frozen:
        raise ValueError(
            f"{stage}: runs.{name} has a frozen {modality} encoder, and {stage} encodes clips that "
            "have no features; leave the run out"
        )
