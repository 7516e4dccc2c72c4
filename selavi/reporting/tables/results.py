"""Which results there are to show: those of the configuration, or else those in the folder."""

import re
from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path

from selavi.config_file import read_section
from selavi.files import UserError
from selavi.reporting.tables.published import NOT_RUN
from selavi.reporting.tables.sources import Source, discovered_source, expected_source
from selavi.settings import ResolvedConfig, RunSettings, TransferSettings

CONFIG = Path("settings/config.yaml")


class Results(ABC):
    """A results folder: its runs and their scores.

    Attributes
    ----------
    folder : Path
        The folder.
    settings : dict of str to RunSettings
        Settings of every run for which they are known. The first run of a dataset is its reference.
    runs : list of str
        The runs to show.
    origin : str
        Where runs and their order are from if not from a configuration, as sentences for captions.
    empty_note : str
        Note of a table without rows.
    linear_probe : bool
        Whether fine-tuning is configured to train the classifier alone.
    """

    folder: Path
    settings: dict[str, RunSettings]
    runs: list[str]
    origin = ""
    empty_note: str
    linear_probe = False

    def dataset(self, run: str) -> str:
        """The dataset that a run was trained on, "" if unknown."""
        return self.settings[run].dataset if run in self.settings else ""

    @cached_property
    def references(self) -> dict[str, str]:
        """The first run of each dataset, which is compared with the paper, by run."""
        first: dict[str, str] = {}
        for run, settings in self.settings.items():
            first.setdefault(settings.dataset, run)
        return {run: dataset for dataset, run in first.items()}

    @property
    @abstractmethod
    def recall_at(self) -> list[int]:
        """Numbers of neighbours (k) of retrieval."""

    @abstractmethod
    def splits(self, stage: str, run: str) -> list[Source]:
        """Scores of a run in stage metrics or baselines by split, the training split first."""

    @abstractmethod
    def degraded(self) -> list[Source]:
        """Scores of degraded clips, one source per run."""

    @abstractmethod
    def folds(self, stage: str) -> list[Source]:
        """Scores of stage retrieval or finetune, one source per run, dataset and fold."""


def open_results(folder: Path, runs: list[str] | None = None) -> Results:
    """Open a results folder, with the configuration that the workflow wrote there, if any.

    Parameters
    ----------
    folder : Path
        The results folder.
    runs : list of str, optional
        The runs to show, by default all.

    Raises
    ------
    UserError
        If the folder has no runs, or lacks one of those named.
    """
    configured = (folder / CONFIG).exists()
    results = Configured(folder) if configured else Discovered(folder, runs)
    where = folder / CONFIG if configured else folder
    if not results.runs:
        raise UserError(f"no runs in {folder}: neither {CONFIG} nor scores; run the stages first")
    unknown = [repr(run) for run in runs or [] if run not in results.runs]
    if unknown:
        known = ", ".join(results.runs)
        raise UserError(f"{where} has no run {', '.join(unknown)}, only: {known}")
    results.runs = [run for run in results.runs if not runs or run in runs]
    return results


class Configured(Results):
    """The results that the configuration names.

    A file may be older than the configuration, so it is used only if its columns name the
    configured dataset and split, or the dataset that the run was trained on.
    """

    empty_note = f"{NOT_RUN}: not configured"

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
        evaluated = self.config.baselines.runs
        evaluated = self.config.networks if evaluated is None else evaluated
        if stage == "baselines" and run not in evaluated:
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
            expected_source(
                stage, run, dataset, str(fold), self.folder / stage / run / dataset / f"{fold}.csv",
                {"pretraining": self.dataset(run)},
            )
            for run in self.runs if run in section.runs
            for dataset, folds in section.datasets.items() for fold in folds
        ]  # fmt: skip

    def _of_split(self, stage: str, run: str, split: str, file: Path) -> Source:
        dataset = self.dataset(run)
        expected = {"dataset": dataset, "split": split}
        return expected_source(stage, run, dataset, split, self.folder / stage / file, expected)


class Discovered(Results):
    """The results in a folder without a configuration, where stages were run by hand.

    Scores are of the dataset that their file names; runs have the settings that their models were
    trained with. Runs are in the order given, or else sorted by name.
    """

    def __init__(self, folder: Path, order: list[str] | None) -> None:
        self.folder = folder
        stages = ("pretrain", "metrics", "baselines", "retrieval", "finetune")
        folders = {p.name for stage in stages for p in folder.glob(f"{stage}/*") if p.is_dir()}
        names = sorted(folders | {p.stem for p in folder.glob("evaluate-degraded/*.csv")})
        self.runs = sorted(names, key=lambda r: order.index(r) if order and r in order else -1)
        shown = [run for run in self.runs if not order or run in order]
        paths = {run: folder / "pretrain" / run / "config.yaml" for run in shown}
        self.settings = {r: read_section(p, RunSettings) for r, p in paths.items() if p.exists()}
        self.empty_note = f"{NOT_RUN}: none found in {folder}"
        self.origin = (
            f"There is no {folder / CONFIG}: these are all results in the folder, under the "
            "dataset that their files name, if any. Runs are in the order of --runs, or else "
            "sorted by name; the first one trained on a dataset is the dataset's first run. "
        )

    @property
    def recall_at(self) -> list[int]:
        columns = {str(name) for source in self.folds("retrieval") for name in source.rows}
        matches = (re.fullmatch(r"recall_at_(\d+)", column) for column in columns)
        return sorted(int(match[1]) for match in matches if match)

    def splits(self, stage: str, run: str) -> list[Source]:
        files = (self.folder / stage / run).glob("*.csv")
        ordered = sorted(files, key=lambda p: (p.stem != "train", p.stem))
        return [discovered_source(stage, run, path.stem, path) for path in ordered]

    def degraded(self) -> list[Source]:
        stage = "evaluate-degraded"
        paths = {run: self.folder / stage / f"{run}.csv" for run in self.runs}
        return [
            discovered_source(stage, run, "", path) for run, path in paths.items() if path.exists()
        ]

    def folds(self, stage: str) -> list[Source]:
        return [
            expected_source(
                stage, run, path.parent.name, path.stem, path,
                {"pretraining": self.dataset(run)} if run in self.settings else {},
            )
            for run in self.runs
            for path in sorted((self.folder / stage / run).glob("*/*.csv"))
            if path.stem.isdigit()  # not the neighbours' files
        ]  # fmt: skip
