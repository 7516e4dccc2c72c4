"""Which runs and figures there are to show: those configured, or else those found."""

import re
from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path

from selavi.config_file import read_section
from selavi.files import UserError
from selavi.reporting.tables.published import NOT_RUN
from selavi.reporting.tables.sources import Source, found_source, named_source
from selavi.settings import ResolvedConfig, RunSettings, TransferSettings

CONFIG = Path("settings/config.yaml")


class Results(ABC):
    """A results folder: its runs, and the figures there are of those to show."""

    folder: Path
    settings: dict[str, RunSettings]
    """Of every run, in the order that decides which is a dataset's first; none if unknown."""
    runs: list[str]
    """Those to show."""
    origin = ""
    """Where runs and their order are from, if from no configuration: a sentence and a space."""
    nothing: str
    """Why a table without rows has none."""
    linear_probe = False
    """Whether the finetuning that is configured trains the classifier alone."""

    def dataset(self, run: str) -> str:
        """Name of the dataset a run is trained on, "" if unknown."""
        return self.settings[run].dataset if run in self.settings else ""

    @cached_property
    def references(self) -> dict[str, str]:
        """The first run of each dataset and its name: what the paper's figures stand beside."""
        first: dict[str, str] = {}
        for run, settings in self.settings.items():
            first.setdefault(settings.dataset, run)
        return {run: dataset for dataset, run in first.items()}

    @property
    @abstractmethod
    def recall_at(self) -> list[int]:
        """Numbers of neighbours of retrieval."""

    @abstractmethod
    def splits(self, stage: str, run: str) -> list[Source]:
        """What there is of a run in metrics or baselines: its splits, the training split first."""

    @abstractmethod
    def degraded(self) -> list[Source]:
        """What there is of degraded clips, a source for each run."""

    @abstractmethod
    def folds(self, stage: str) -> list[Source]:
        """What there is of retrieval or finetuning, a source for each run, dataset and fold."""


def open_results(folder: Path, runs: list[str] | None = None) -> Results:
    """The results in a folder; by the configuration that the workflow left there, if it did.

    runs : to show, all by default. Raises UserError if there are none, or not these.
    """
    configured = (folder / CONFIG).exists()
    results = Configured(folder) if configured else Found(folder, runs)
    where = folder / CONFIG if configured else folder
    if not results.runs:
        raise UserError(f"no runs in {folder}: neither {CONFIG} nor figures; make them first")
    unknown = [repr(run) for run in runs or [] if run not in results.runs]
    if unknown:
        known = ", ".join(results.runs)
        raise UserError(f"{where} has no run {', '.join(unknown)}, only: {known}")
    results.runs = [run for run in results.runs if not runs or run in runs]
    return results


class Configured(Results):
    """What the configuration names, and nothing else.

    A file is taken if it says that it is of the dataset and split that are configured, or that its
    model was trained on the run's dataset: it may be older than the configuration.
    """

    nothing = f"{NOT_RUN}: not configured"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = read_section(folder / CONFIG, ResolvedConfig)
        self.settings = self.config.runs
        self.runs = list(self.settings)
        self.linear_probe = self.config.finetune.linear_probe

    @property
    def recall_at(self) -> list[int]:
        return self.config.retrieval.recall_at

    def splits(self, stage: str, run: str) -> list[Source]:
        asked = self.config.baselines.runs if stage == "baselines" else None
        if asked is not None and run not in asked:
            return []
        dataset = self.dataset(run)
        labelled = sorted(self.config.labelled[dataset], key=lambda split: split != "train")
        if not labelled:
            return [Source(run, dataset, "", note=f"{NOT_RUN}: no split of {dataset} has classes")]
        return [self._of_split(stage, run, s, Path(run, f"{s}.csv")) for s in labelled]

    def degraded(self) -> list[Source]:
        stage, settings = "evaluate-degraded", self.config.degrade
        runs = [run for run in self.runs if run in settings.runs]
        return [self._of_split(stage, run, settings.split, Path(f"{run}.csv")) for run in runs]

    def folds(self, stage: str) -> list[Source]:
        section: TransferSettings = getattr(self.config, stage)
        return [
            named_source(
                stage, run, dataset, str(fold), self.folder / stage / run / dataset / f"{fold}.csv",
                {"pretraining": self.dataset(run)},
            )
            for run in self.runs if run in section.runs
            for dataset, folds in section.datasets.items() for fold in folds
        ]  # fmt: skip

    def _of_split(self, stage: str, run: str, split: str, file: Path) -> Source:
        dataset = self.dataset(run)
        of = {"dataset": dataset, "split": split}
        return named_source(stage, run, dataset, split, self.folder / stage / file, of)


class Found(Results):
    """What lies in the folder, where stages were run by hand.

    Figures are of the dataset that their file names; runs have the settings that their models were
    trained with. Runs are in the order given, or else of their names.
    """

    def __init__(self, folder: Path, order: list[str] | None) -> None:
        self.folder = folder
        stages = ("pretrain", "metrics", "baselines", "retrieval", "finetune")
        folders = {p.name for stage in stages for p in folder.glob(f"{stage}/*") if p.is_dir()}
        found = sorted(folders | {p.stem for p in folder.glob("evaluate-degraded/*.csv")})
        self.runs = sorted(found, key=lambda r: order.index(r) if order and r in order else -1)
        shown = [run for run in self.runs if not order or run in order]
        paths = {run: folder / "pretrain" / run / "config.yaml" for run in shown}
        self.settings = {r: read_section(p, RunSettings) for r, p in paths.items() if p.exists()}
        self.nothing = f"{NOT_RUN}: none found in {folder}"
        self.origin = (
            f"There is no {folder / CONFIG}: these are the figures found, under the dataset that "
            "their files name, if any. Runs are in the order of --runs, or else of their names; "
            "the first that was trained on a dataset is the dataset's first. "
        )

    @property
    def recall_at(self) -> list[int]:
        columns = {str(name) for source in self.folds("retrieval") for name in source.rows}
        found = (re.fullmatch(r"recall_at_(\d+)", column) for column in columns)
        return sorted(int(match[1]) for match in found if match)

    def splits(self, stage: str, run: str) -> list[Source]:
        files = (self.folder / stage / run).glob("*.csv")
        ordered = sorted(files, key=lambda p: (p.stem != "train", p.stem))
        return [found_source(stage, run, path.stem, path) for path in ordered]

    def degraded(self) -> list[Source]:
        stage = "evaluate-degraded"
        paths = {run: self.folder / stage / f"{run}.csv" for run in self.runs}
        return [found_source(stage, run, "", path) for run, path in paths.items() if path.exists()]

    def folds(self, stage: str) -> list[Source]:
        return [
            named_source(
                stage, run, path.parent.name, path.stem, path,
                {"pretraining": self.dataset(run)} if run in self.settings else {},
            )
            for run in self.runs
            for path in sorted((self.folder / stage / run).glob("*/*.csv"))
            if path.stem.isdigit()  # not the neighbours beside it
        ]  # fmt: skip
