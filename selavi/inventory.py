"""What the splits of a configuration hold, as far as it is known before anything is made.

A manifest that is of today's settings answers first: its videos may have been moved away since, and
a folder takes long to look through. Paths are below the folder of the run.
"""

import itertools
from pathlib import Path

from selavi.config_file import section_text
from selavi.data.features.formats import feature_paths
from selavi.data.features.inputs import own_features
from selavi.data.schema import manifest_column
from selavi.data.sources.factory import configured_source
from selavi.data.sources.source import Source, VideoSource
from selavi.data.sources.webdataset import WebDataset
from selavi.files import UserError, write_text
from selavi.settings import FROZEN, Config, require_enough


class Inventory:
    """The splits of a configuration, each by its dataset and its name.

    Methods raise UserError if a split's videos, or the files that name them, are not there.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._sources: dict[tuple[str, str], Source] = {}
        self._labelled: dict[tuple[str, str], bool] = {}

    def source(self, dataset: str, split: str) -> Source:
        """What the split is made from."""
        place = dataset, split
        if place not in self._sources:
            self._sources[place] = configured_source(self._config.datasets, dataset, split)
        return self._sources[place]

    def settings_text(self, dataset: str, split: str) -> str:
        """What a split depends on: no other split or features; media only if shards are imported.

        Files that name its videos follow with their size and time; what was written before stays
        for files that were moved away since.
        """
        data, source = self._config.datasets[dataset], self.source(dataset, split)
        alone = data.model_copy(update={"splits": {split: data.splits[split]}})
        media = set() if source.stage == "import_shards" else {"media"}
        text = section_text(alone, without={"features", *media})
        files = source.files()
        if files and all(file.is_file() for file in files):
            facts = [(file, file.stat()) for file in files]
            lines = (f"# {str(f)!r}: {s.st_size} bytes of {s.st_mtime_ns}\n" for f, s in facts)
            return "".join([text, *lines])
        made = settings_file(dataset, split)
        before = made.read_text(encoding="utf-8") if made.exists() else text
        return before if before.startswith(text) else text

    def manifest(self, dataset: str, split: str) -> Path | None:
        """The split's manifest if it is of today's settings; None of a split that has none."""
        if self.source(dataset, split).stage != "shard":
            return None  # though one may be left from other settings
        manifest = Path(f"results/manifest/{dataset}/{split}.csv")
        settings = settings_file(dataset, split)
        if not (manifest.exists() and settings.exists()):
            return None
        same = settings.read_text(encoding="utf-8") == self.settings_text(dataset, split)
        return manifest if same else None

    def count(self, dataset: str, split: str, enough: int) -> int | None:
        """Count a split's videos as far as `enough`; None if unknown before its shards are made."""
        manifest = self.manifest(dataset, split)
        if not manifest:
            return self.source(dataset, split).count(enough)
        found = 0
        for part in manifest_column(manifest, "id"):
            found += len(part)
            if found >= enough:
                break
        return found

    def has_classes(self, dataset: str, split: str) -> bool:
        """Whether a split has classes to compare clusters with, or may have."""
        place = dataset, split
        if place not in self._labelled:
            manifest = self.manifest(dataset, split)
            self._labelled[place] = (
                any((part != "").any() for part in manifest_column(manifest, "label"))
                if manifest
                else self.source(dataset, split).has_classes()
            )
        return self._labelled[place]

    def check(self) -> None:
        """Raise ValueError if a folder or table has no videos, or too few for a run to train on.

        Or if the names or corrections of a run's clusters are not there.
        """
        for name, dataset in self._config.datasets.items():
            for split in dataset.splits:
                if self.source(name, split).stage in ("shard", "list_clips"):
                    self.count(name, split, enough=1)
        for name, run in self._config.runs.items():
            for key, file in (("names", run.names), ("corrections", run.corrections)):
                if file and not Path(file).is_file():
                    raise UserError(f"runs.{name}.{key}: {file} does not exist")
            self.require_features(name)
            if self.source(run.dataset, "train").stage in ("shard", "list_clips"):
                clusters = 2 if run.network.clusters == "auto" else max(run.network.levels())
                enough = max(clusters, run.training.batch_size)
                found = self.count(run.dataset, "train", enough)
                if found is not None:
                    require_enough(name, run, found)

    def require_features(self, name: str) -> None:
        """Raise UserError if the users' own features that a run sees are not there."""
        run = self._config.runs[name]
        dataset = self._config.datasets[run.dataset]
        own = [m for m in run.frozen if run.network.encoder(m) == FROZEN]
        for modality, split in itertools.product(own, dataset.splits):
            for path in feature_paths(own_features(dataset, split, modality)):
                if not path.is_file():
                    raise UserError(
                        f"datasets.{run.dataset}.features.{modality}: {path} does not exist, and "
                        f"runs.{name} sees it; place the file there, or correct the path"
                    )

    def shard_state(self, dataset: str, split: str, number: int) -> list[int] | None:
        """Size and time of a shard to import; see `WebDataset.state`."""
        source = self.source(dataset, split)
        assert isinstance(source, WebDataset)
        return source.state(number)

    def changes(self, add: bool) -> list[str]:
        """Say which videos came into the splits' folders, or went, since their manifests were made.

        Parameters
        ----------
        add : bool
            Have new videos added, by a file that the manifest is made again from. Not where some
            are gone: with them their clips would go, and people move videos away that are in
            shards.

        Returns
        -------
        list of str
            A line for each folder that changed.
        """
        lines = [
            self._changes(name, split, add)
            for name, dataset in self._config.datasets.items()
            for split in dataset.splits
        ]
        return [line for line in lines if line]

    def _changes(self, dataset: str, split: str, add: bool) -> str:
        source, manifest = self.source(dataset, split), self.manifest(dataset, split)
        if not isinstance(source, VideoSource) or not manifest:
            return ""
        new, gone = source.changes(manifest)
        if not new and not gone:
            return ""
        counts = [f"{len(new)} new"] * bool(new) + [f"{len(gone)} missing"] * bool(gone)
        words = f"{source.place}: of its videos {' and '.join(counts)} since {manifest} was made"
        if gone:
            return f"{words}; to list the folder as it is now: selavi run -R {manifest}"
        if not add:
            return f"{words}; to add them: selavi run"
        write_text(added_file(dataset, split), "\n".join(new) + "\n")
        return f"{words}; adding them"


def settings_file(dataset: str, split: str) -> Path:
    """Where the settings of a split are written for its stages."""
    return Path(f"results/settings/splits/{dataset}/{split}.yaml")


def added_file(dataset: str, split: str) -> Path:
    """Names of the videos that a folder last gained; a change makes the manifest again."""
    return Path(f"results/manifest/{dataset}/{split}.added.txt")
