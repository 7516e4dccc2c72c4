"""What the features of a split are gathered from, by the configuration."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from selavi.data.features.formats import beside, feature_paths
from selavi.settings import (
    FROZEN,
    Config,
    DatasetSettings,
    EmbedderSettings,
    Modality,
    RunSettings,
    embedder_folder,
    embedder_settings,
    parent_of,
)


@dataclass(frozen=True)
class FeatureInputs:
    """The files that the stage gather-features reads.

    Attributes
    ----------
    source : Path
        A file, a folder or a pattern, see `feature_paths`.
    files : list of Path
        Its files; `source` alone if there is none.
    others : list of Path
        Indexes of other splits whose clips the files may have.
    """

    source: Path
    files: list[Path]
    others: list[Path]


def feature_inputs(
    datasets: Mapping[str, DatasetSettings],
    encoder: str,
    dataset: str,
    split: str,
    modality: Modality,
) -> FeatureInputs:
    """What the features of a split by an encoder are gathered from.

    Parameters
    ----------
    datasets : mapping of str to DatasetSettings
        All datasets of the configuration.
    encoder : str
        "frozen" for the users' own files; else the folder of an embedder.
    dataset, split : str
        The split.
    modality : {"video", "audio"}
        Which of the features.

    Returns
    -------
    FeatureInputs
        Paths below the folder of the run.
    """
    settings = datasets[dataset]
    owner = parent_of(dataset, settings.splits[split]) or (dataset, split)
    if encoder != FROZEN:
        shards = datasets[owner[0]].splits[owner[1]].shard_count
        folder = Path("results/embed", encoder, modality, *owner)
        files = [folder / f"{n:05d}.npz" for n in range(shards)]
        return FeatureInputs(folder, files, [] if owner == (dataset, split) else [_index(*owner)])
    source = own_features(settings, split, modality)
    try:
        files = [file for path in feature_paths(source) for file in (path, *beside(path))]
    except ValueError:
        files = [source]
    text = getattr(settings.features, modality)
    shared = "{split}" not in text
    others = [(dataset, name) for name in settings.splits if name != split] if shared else []
    if owner != (dataset, split) and owner not in others:
        others.append(owner)
    return FeatureInputs(source, files, [_index(*place) for place in others])


def embedded_files(
    datasets: Mapping[str, DatasetSettings], runs: Mapping[str, RunSettings]
) -> list[str]:
    """The features that runs take from embedders, a file per shard.

    Parameters
    ----------
    datasets : mapping of str to DatasetSettings
        All datasets of the configuration.
    runs : mapping of str to RunSettings
        All runs.

    Returns
    -------
    list of str
        Paths below the folder of the run, each once.
    """
    needed = [
        (embedder_folder(encoder), run.dataset, split, modality)
        for run in runs.values()
        for modality in run.frozen
        if (encoder := run.network.encoder(modality)) != FROZEN
        for split in datasets[run.dataset].splits
    ]
    files = [str(file) for each in needed for file in feature_inputs(datasets, *each).files]
    return [*dict.fromkeys(files)]


def embedder_of(config: Config, folder: str, modality: Modality) -> EmbedderSettings:
    """The settings of an embedder that a run uses, by the name of its folder."""
    encoders = {run.network.encoder(modality) for run in config.runs.values()}
    name = next(encoder for encoder in sorted(encoders) if embedder_folder(encoder) == folder)
    return embedder_settings(name, modality, config.embedders)


def embedder_files(config: Config, folder: str, modality: Modality) -> list[str]:
    """The files that an embedder is made of, whose change makes features again.

    The file of a plug-in, if it is in the working folder; the model of `selavi:FILE`, which a run
    of the same configuration may make; an option `weights` that names a file.
    """
    settings = embedder_of(config, folder, modality)
    module, _, what = settings.factory.partition(":")
    if module == "selavi":
        return [] if what.startswith("zoo:") else [what]
    files = [Path(*module.split(".")).with_suffix(".py")] if what else []
    weights = settings.options.get("weights")
    files += [Path(weights)] if isinstance(weights, str) else []
    return [str(file) for file in files if file.is_file()]


def own_features(dataset: DatasetSettings, split: str, modality: Modality) -> Path:
    """Where the users' own features of a split are: a file, a folder or a pattern."""
    text = getattr(dataset.features, modality)
    return Path(dataset.root, text.replace("{split}", split))


def _index(dataset: str, split: str) -> Path:
    return Path("results/shards", dataset, split, "index.csv")
