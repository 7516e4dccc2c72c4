"""The files that each stage makes for a configuration, as paths below the folder of the run."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from selavi.config_file import read_yaml
from selavi.data.features.inputs import embedded_files
from selavi.data.sources.factory import configured_source
from selavi.files import UserError
from selavi.models.zoo import place
from selavi.settings import (
    AudioLevel,
    Config,
    FinetuneSettings,
    ResolvedConfig,
    RetrievalSettings,
    RunSettings,
    SplitSettings,
    VideoLevel,
    embedder_folder,
    fold_splits,
    parent_of,
)

CONFIG = "results/settings/config.yaml"
"""The configuration with all defaults. Every target makes it, and tables follow it."""
GATHERED = "results/gather-features/{encoder}/{place}/{modality}.npy"
MODEL = "results/pretrain/{run}/model.pt"
CLUSTERING = "results/cluster-features/{run}/clustering.pt"
TABLES = ("clustering", "methods", "baselines", "ablation", "degraded", "retrieval", "finetune")
SCORED = ("metrics", "baselines", "evaluate_degraded", "retrieval", "finetune")
"""Stages whose files the tables show."""
ON_REQUEST = ("logits",)
"""Stages that no other target makes, as their files are large."""


@dataclass(frozen=True)
class Plan:
    """Which files each stage makes.

    Parameters
    ----------
    config : Config
        The whole configuration.
    has_classes : callable
        Whether a split, given as dataset and split, has classes to compare clusters with. It may
        look through a folder of videos, and is called for the files of no stage but the scores
        and what is made from them.
    """

    config: Config
    has_classes: Callable[[str, str], bool]

    @cached_property
    def splits(self) -> dict[str, SplitSettings]:
        """All splits, by `dataset/split`."""
        return {
            f"{name}/{split}": settings
            for name, dataset in self.config.datasets.items()
            for split, settings in dataset.splits.items()
        }

    @cached_property
    def subsets(self) -> list[str]:
        """Splits that share the shards of another."""
        return self._made_by("subset")

    @cached_property
    def listed(self) -> list[str]:
        """Splits of clips without media."""
        return self._made_by("list_clips")

    @cached_property
    def imported(self) -> list[str]:
        """Splits whose shards were made elsewhere."""
        return self._made_by("import_shards")

    @cached_property
    def sharded(self) -> list[str]:
        """Splits whose shards are made here, from videos."""
        return self._made_by("shard")

    def _made_by(self, stage: str) -> list[str]:
        datasets = self.config.datasets
        return [p for p in self.splits if configured_source(datasets, *p.split("/")).stage == stage]

    def demo_data(self, dataset: str) -> list[str]:
        """The list of the embedded demo's videos, which has to be made before a manifest."""
        embedded = self.config.datasets[dataset].embedded
        return [f"results/demo-data/{dataset}.csv"] if embedded else []

    def shard_owner(self, dataset: str, split: str) -> str:
        """The split whose shards hold a split's clips: itself, or of a subset its parent."""
        parent = parent_of(dataset, self.config.datasets[dataset].splits[split])
        return "/".join(parent or (dataset, split))

    def shards(self, dataset: str, split: str, suffix: str = "tar") -> list[str]:
        """The shards that hold a split's clips, or their tables (`csv`)."""
        place = self.shard_owner(dataset, split)
        numbers = range(0 if self.splits[place].clips else self.splits[place].shard_count)
        return [f"results/shards/{place}/{n:05d}.{suffix}" for n in numbers]

    def given_features(self, run: str, split: str) -> dict[str, str]:
        """By modality with a frozen encoder, the features that a run sees of a split's clips."""
        settings = self.config.runs[run]
        return {
            modality: GATHERED.format(
                encoder=embedder_folder(settings.network.encoder(modality)),
                place=f"{settings.dataset}/{split}",
                modality=modality,
            )
            for modality in settings.frozen
        }

    def fold_shards(self, dataset: str, fold: int) -> list[str]:
        """Shards of both splits of a fold."""
        return [file for split in fold_splits(fold) for file in self.shards(dataset, split)]

    def feature_files(self, run: str, split: str) -> list[str]:
        """Files that the baselines read besides clips, as far as they are there."""
        baselines = self.config.baselines
        names = {"run": run, "dataset": self.config.runs[run].dataset, "split": split}
        files = [baselines.supervised_weights or ""]
        files += [pattern.format(**names) for pattern in baselines.features.values()]
        return [file for file in files if Path(file).is_file()]

    def init_files(self, run: str) -> list[str]:
        """Files of initial weights that a run reads: those that are there, or other runs make."""
        files = [str(place(source)) for source in self.init_sources(run)]
        return [file for file in files if file in self.models or Path(file).is_file()]

    def init_sources(self, run: str) -> list[str]:
        """The sources of a run's first weights."""
        init = self.config.runs[run].network.init
        return list(dict.fromkeys(init.sources.values())) if init else []

    @cached_property
    def models(self) -> list[str]:
        """The model file of every run that has a network."""
        return self._runs(MODEL, self.config.networks)

    def _with(self, runs: Iterable[str], test: Callable[[RunSettings], bool]) -> list[str]:
        return [name for name in runs if test(self.config.runs[name])]

    @cached_property
    def trained(self) -> list[str]:
        """Runs that are trained."""
        return self._with(self.config.networks, lambda run: not run.weights)

    @cached_property
    def clustered(self) -> list[str]:
        """Runs without a network, whose method clusters features as they are."""
        return [name for name in self.config.runs if name not in self.config.networks]

    def model_of(self, run: str) -> str:
        """The file that gives a run's clips their clusters."""
        return (CLUSTERING if run in self.clustered else MODEL).format(run=run)

    @cached_property
    def given(self) -> dict[str, str]:
        """Runs that are not trained, and the files that their weights are given by."""
        runs = self.config.runs
        return {name: str(place(run.weights)) for name, run in runs.items() if run.weights}

    @cached_property
    def levels(self) -> dict[str, VideoLevel | AudioLevel]:
        """Levels of degraded clips, by name."""
        levels: list[VideoLevel | AudioLevel] = [
            *self.config.degrade.video,
            *self.config.degrade.audio,
        ]
        return {level.name: level for level in levels}

    def degraded(self, pattern: str, runs: Iterable[str] | None = None) -> list[str]:
        """The pattern for every degraded run, or those given, and the levels of its modalities."""
        degrade, configured = self.config.degrade, self.config.runs
        return [
            pattern.format(
                run=run, dataset=configured[run].dataset, split=degrade.split, level=level
            )
            for run in (degrade.runs if runs is None else runs)
            for level in self.levels
            if level.split("-")[0] in configured[run].modalities
        ]

    @cached_property
    def files(self) -> dict[str, list[str]]:
        """The files of each stage, by its name in `stages.TARGETS`."""
        config = self.config
        corrected = self._with(config.runs, lambda run: run.corrections is not None)
        files = {
            "manifest": [f"results/manifest/{place}.csv" for place in self.sharded],
            "shard": [
                file
                for place in (*self.sharded, *self.imported)
                for file in self.shards(*place.split("/"))
            ],
            "index": [f"results/shards/{place}/index.csv" for place in self.splits],
            "embed": embedded_files(config.datasets, config.runs),
            "pretrain": self._runs(MODEL, self.trained),
            "import_model": self._runs(MODEL, self.given),
            "cluster_features": self._runs(CLUSTERING, self.clustered),
            "assign": self._run_splits("results/assign/{run}/{split}.csv"),
            "name_clusters": self._runs("results/name-clusters/{run}.csv"),
            "correct": self._run_splits("results/correct/{run}/{split}.csv", corrected),
            "map": self._runs("results/map/{run}.npz"),
            "logits": self._run_splits("results/logits/{run}/{split}.pt", config.networks),
            "metrics": self._labelled("results/metrics/{run}/{split}.csv"),
            "agreement": self._runs(
                "results/agreement/{run}.csv", self._with(config.runs, lambda run: run.paired)
            ),
            "baselines": self._labelled(
                "results/baselines/{run}/{split}.csv",
                config.networks if config.baselines.runs is None else config.baselines.runs,
            ),
            "degrade": sorted(set(self.degraded("results/degrade/{dataset}/{split}/{level}.csv"))),
            "assign_degraded": self.degraded("results/assign-degraded/{run}/{level}.csv"),
            "evaluate_degraded": [
                f"results/evaluate-degraded/{run}.csv" for run in config.degrade.runs
            ],
            "retrieval": _folds(config.retrieval, "results/retrieval/{run}/{dataset}/{fold}.csv"),
            "finetune": _folds(config.finetune, "results/finetune/{run}/{dataset}/{fold}.csv"),
            "figures": self._runs("results/figures/{run}/training.svg", self.trained),
            "distributions": self._runs("results/distributions/{run}.csv", self.trained),
            "tree": self._runs(
                "results/tree/{run}.csv", self._with(self.trained, lambda run: run.network.several)
            ),
            "plot_degraded": ["results/figures/degraded.svg"] * bool(config.degrade.runs),
            "neighbours": _folds(
                config.retrieval, "results/figures/{run}/neighbours-{dataset}-{fold}.png"
            ),
            "explorer": self._runs("results/explorer/{run}/index.html"),
        }
        scored = any(files[stage] for stage in SCORED)
        files["tables"] = [f"results/tables/{name}.csv" for name in TABLES] if scored else []
        files["costs"] = ["results/tables/costs.csv"]
        return files

    def files_of(self, *stages: str) -> list[str]:
        """The files of these stages, in their order."""
        return [file for stage in stages for file in self.files[stage]]

    def resolved_config(self) -> ResolvedConfig:
        """The configuration with all defaults, and which splits have classes."""
        labelled = {
            name: [s for s in self.config.datasets[name].splits if self.has_classes(name, s)]
            for name in dict.fromkeys(run.dataset for run in self.config.runs.values())
        }
        return ResolvedConfig.model_validate(self.config.model_dump() | {"labelled": labelled})

    def require_results(self, folder: Path) -> None:
        """Raise UserError unless all that a report shows is there, below `folder`."""
        shown = ("figures", "distributions", "plot_degraded", "neighbours")
        wanted = self.files_of(*SCORED, "tables", *shown)
        lacking = [file for file in wanted if not (folder / file).exists()]
        if not lacking:
            return
        made = folder / CONFIG
        names = read_yaml(made)["runs"] if made.exists() else {}
        raise UserError(
            f"no report: {len(lacking)} results of this configuration are not there, such as "
            f"{lacking[0]}. Run the same command without --report first, or give --configfile the "
            f"files that the results were made with: {made} has the runs "
            f"{', '.join(names) or '(none yet)'}"
        )

    def _runs(self, pattern: str, runs: Iterable[str] | None = None) -> list[str]:
        """The pattern for every run, or those given."""
        return [pattern.format(run=run) for run in (self.config.runs if runs is None else runs)]

    def _run_splits(self, pattern: str, runs: list[str] | None = None) -> list[str]:
        """The pattern for every run, or those given, and the splits of its dataset."""
        return [
            pattern.format(run=name, split=split)
            for name, run in self.config.runs.items()
            if runs is None or name in runs
            for split in self.config.datasets[run.dataset].splits
        ]

    def _labelled(self, pattern: str, runs: list[str] | None = None) -> list[str]:
        """The pattern for every run, or those given, and the splits of its dataset with classes."""
        return [
            pattern.format(run=name, split=split)
            for name, run in self.config.runs.items()
            if runs is None or name in runs
            for split in self.config.datasets[run.dataset].splits
            if self.has_classes(run.dataset, split)
        ]


def _folds(section: RetrievalSettings | FinetuneSettings, pattern: str) -> list[str]:
    """The pattern for every run, dataset and fold of a section."""
    return [
        pattern.format(run=run, dataset=dataset, fold=fold)
        for run in section.runs
        for dataset, folds in section.datasets.items()
        for fold in folds
    ]
