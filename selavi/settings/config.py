"""The whole configuration file, and the checks between its sections."""

from typing import Any, Self, get_args

from pydantic import Field, model_validator

from selavi.settings.data import DatasetSettings, SplitSettings, parent_of
from selavi.settings.embedding import BUILT_IN, EmbedderSettings
from selavi.settings.encoders import FROZEN, TRAINED, is_frozen
from selavi.settings.enough import require_enough
from selavi.settings.evaluation import (
    EVALUATIONS,
    BaselineSettings,
    DegradeSettings,
    FinetuneSettings,
    RetrievalSettings,
)
from selavi.settings.frozen import check_frozen, require_folders, require_trained
from selavi.settings.inputs import FRAME_SECONDS
from selavi.settings.machine import MachineSettings
from selavi.settings.merge import inherit
from selavi.settings.null_overrides import without_removed
from selavi.settings.presets import PRESETS
from selavi.settings.run import RunDefaults, RunSettings
from selavi.settings.section import Modality, Name, Section


class ExplorerSettings(Section):
    """The HTML page on which clusters can be watched and heard."""

    clips_per_cluster: int = Field(48, ge=1, le=10_000)
    """Number of clips per cluster that the page can play; of four times as many others it has a
    picture, and it lists all."""
    max_megabytes: float = Field(300, ge=1, le=1_000_000)
    """Limit of the clips of a page, in 10^6 bytes: fewer are stored per cluster if needed. Pictures
    of others take what is left."""


class Config(Section):
    """The top level of the file."""

    datasets: dict[Name, DatasetSettings] = Field(min_length=1)
    """The datasets by name."""
    defaults: RunDefaults = RunDefaults()
    """The settings shared by all runs."""
    runs: dict[Name, RunSettings] = Field(min_length=1)
    """The training runs by name."""
    machine: MachineSettings = MachineSettings()
    """How the machine does the work. Runs, retrieval and finetune may override it."""
    embedders: dict[Name, EmbedderSettings] = Field(default_factory=dict)
    """Plug-ins that map clips to features, by the name by which runs use them as encoders."""
    explorer: ExplorerSettings = ExplorerSettings()
    """The HTML page."""
    baselines: BaselineSettings = BaselineSettings()
    """k-means on other features, and chance."""
    degrade: DegradeSettings = DegradeSettings()
    """Evaluation on degraded clips."""
    retrieval: RetrievalSettings = RetrievalSettings()
    """Video retrieval by nearest neighbours."""
    finetune: FinetuneSettings = FinetuneSettings()
    """Action recognition by fine-tuning."""
    raw_csv: bool = False
    """Write CSV cells that begin with = + - @ unchanged. By default an apostrophe is put before
    them, unless they are numbers, so that spreadsheets do not run file names as formulas."""

    @property
    def networks(self) -> list[str]:
        """The runs that have a network: those of the method selavi."""
        return [name for name, run in self.runs.items() if run.method == "selavi"]

    def other_seeds(self, name: str) -> list[str]:
        """The trainings that differ from a run's by their seed, and in how a machine does them.

        None of a run that is not trained: fits of other methods share seeds between runs.
        """
        run, apart = self.runs[name], {"seed", "machine"}
        same = run.model_dump(exclude=apart)
        return [
            other
            for other in (self.networks if name in self.networks and not run.weights else [])
            if self.runs[other].seed != run.seed
            and self.runs[other].model_dump(exclude=apart) == same
        ]

    @model_validator(mode="before")
    @classmethod
    def _inherit(cls, raw: Any) -> Any:
        """Fill in the keys that runs inherit, and the machine's wherever it is overridden."""
        if not isinstance(raw, dict):
            return raw
        raw = without_removed(raw)
        machine = {"machine": raw.get("machine") or {}}
        stages = {name: raw.get(name, {}) for name in ("retrieval", "finetune")}
        filled = {k: inherit(machine, v) for k, v in stages.items() if isinstance(v, dict)}
        if isinstance(raw.get("runs"), dict):
            base = inherit(machine, raw.get("defaults"))
            filled["runs"] = {
                name: _with_preset(inherit(base, run), raw.get("datasets"))
                for name, run in raw["runs"].items()
            }
        return raw | filled

    @model_validator(mode="after")
    def _sections_fit(self) -> Self:
        for name, dataset in self.datasets.items():
            for split_name, split in dataset.splits.items():
                _check_parent(f"datasets.{name}.splits.{split_name}", name, split, self.datasets)
        for name in self.embedders:
            if name in (FROZEN, *BUILT_IN, *(e for known in TRAINED.values() for e in known)):
                raise ValueError(
                    f"embedders.{name}: {name} is the name of another encoder; take another name"
                )
        for name, run in self.runs.items():
            _check_run(name, run, self.datasets, self.embedders)
        require_folders(self.runs)
        return self

    @model_validator(mode="after")
    def _evaluated_runs_exist(self) -> Self:
        for stage in EVALUATIONS:
            for run in getattr(self, stage).runs or []:
                if run not in self.runs:
                    known = ", ".join(sorted(self.runs))
                    raise ValueError(f"{stage}.runs: {run!r} is not one of: {known}")
                if run not in self.networks:
                    raise ValueError(
                        f"{stage}.runs: {run} has method: {self.runs[run].method} and no network, "
                        f"which {stage} needs; leave it out"
                    )
        for run in (*self.retrieval.runs, *self.finetune.runs):
            require_trained("retrieval or finetune", run, self.runs[run], "video")
        for run in self.degrade.runs:
            for modality in self.runs[run].modalities:
                require_trained("degrade", run, self.runs[run], modality)
            _require_split(self, f"degrade.runs: {run}", self.runs[run].dataset, self.degrade.split)
        for stage, section in (("retrieval", self.retrieval), ("finetune", self.finetune)):
            for name, folds in section.datasets.items():
                for split in (s for fold in folds for s in fold_splits(fold)):
                    _require_split(self, f"{stage}.datasets.{name}", name, split)
        return self


class ResolvedConfig(Config):
    """results/settings/config.yaml: the configuration with all defaults and the labelled splits."""

    labelled: dict[Name, list[Name]]
    """Splits that have classes, for each dataset that a run trains on."""


def fold_splits(fold: int) -> tuple[str, str]:
    """The training and the test split of a fold.

    Parameters
    ----------
    fold : int
        Number of the fold; 0 if the dataset has only one.

    Returns
    -------
    tuple of str
        Names of the splits: train{n} and test{n}, without a number for fold 0.
    """
    number = fold or ""
    return f"train{number}", f"test{number}"


def _with_preset(run: Any, datasets: Any) -> Any:
    """Where a run names no preset: that of its dataset, or `features` if it trains no encoder."""
    if not (isinstance(run, dict) and isinstance(datasets, dict)):
        return run
    network, modalities = run.get("network"), run.get("modalities", [*get_args(Modality)])
    if isinstance(network, dict) and isinstance(modalities, list):
        encoders = [(m, network.get(f"{m}_encoder")) for m in modalities if m in TRAINED]
        if encoders and all(isinstance(e, str) and is_frozen(name, e) for name, e in encoders):
            return inherit({"preset": "features"}, run)
    name = run.get("dataset")
    dataset = datasets.get(name) if isinstance(name, str) else None
    preset = dataset.get("preset") if isinstance(dataset, dict) else None
    known = isinstance(preset, str) and preset in PRESETS  # else it is an error of the dataset
    return inherit({"preset": preset}, run) if known else run


def _require_split(config: Config, where: str, dataset: str, split: str) -> None:
    if dataset not in config.datasets:
        raise ValueError(f"{where}: {dataset!r} is not one of: {', '.join(config.datasets)}")
    splits = config.datasets[dataset].splits
    if split not in splits:
        raise ValueError(f"{where}: dataset {dataset} has no split {split!r}, only {list(splits)}")


def _check_run(
    name: str,
    run: RunSettings,
    datasets: dict[str, DatasetSettings],
    embedders: dict[str, EmbedderSettings],
) -> None:
    if run.dataset not in datasets:
        known = ", ".join(sorted(datasets))
        raise ValueError(f"runs.{name}.dataset = {run.dataset!r} is not one of: {known}")
    data = datasets[run.dataset]
    if "train" not in data.splits:
        verb = "is shown on" if run.weights else "trains on"
        raise ValueError(
            f"runs.{name} {verb} the split called train, and datasets.{run.dataset} has only "
            f"{', '.join(data.splits)}"
        )
    if data.embedded:
        require_enough(name, run, data.embedded.classes * data.embedded.train_per_class)
    training = run.training
    if training.warmup_epochs > training.epochs:
        raise ValueError(
            f"runs.{name}.training.warmup_epochs = {training.warmup_epochs} is more than epochs = "
            f"{training.epochs}: warm-up would not end; use at most {training.epochs}"
        )
    check_frozen(name, run, data, embedders)
    # A subset has the clips of its parent's shards.
    owner = (parent_of(run.dataset, data.splits["train"]) or (run.dataset,))[0]
    media, where = datasets[owner].media, f"datasets.{owner}.media"
    if run.decoded and run.video.fps > media.fps:
        raise ValueError(
            f"runs.{name}.video.fps = {run.video.fps:g} is above the stored frame rate, "
            f"{where}.fps = {media.fps:g}"
        )
    if "video" in run.decoded and media.video != "required":
        raise ValueError(
            f"runs.{name} uses video and {where}.video = {media.video}; set it to required, "
            "or set modalities: [audio]"
        )
    longest = run.video.frames / run.video.fps if run.decoded else 0.0
    if "audio" in run.decoded:
        longest = max(longest, run.audio.seconds)
        frame = round(FRAME_SECONDS * media.audio_rate)
        if media.audio != "required":
            raise ValueError(
                f"runs.{name} uses audio and {where}.audio = {media.audio}; set it to "
                "required, or set modalities: [video]"
            )
        if run.audio.fft < frame:
            raise ValueError(
                f"runs.{name}.audio.fft = {run.audio.fft} is shorter than a spectrogram frame, "
                f"20 ms at {where}.audio_rate = {media.audio_rate}; use at least {frame}"
            )
    if longest > media.min_seconds:
        raise ValueError(
            f"runs.{name}: a clip lasts {longest:g} s, but videos of more than {where}.min_seconds "
            f"= {media.min_seconds:g} s are accepted; raise min_seconds or shorten the clip"
        )


def _check_parent(
    where: str, name: str, split: SplitSettings, datasets: dict[str, DatasetSettings]
) -> None:
    parent = parent_of(name, split)
    if parent is None:
        return
    there = datasets[parent[0]].splits.get(parent[1]) if parent[0] in datasets else None
    if there is None:
        raise ValueError(f"{where}.of = {split.of!r}: there is no such split")
    if there.of is not None:
        raise ValueError(
            f"{where}.of = {split.of!r} is itself a subset; name the split that it is from"
        )
