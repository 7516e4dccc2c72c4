"""Check this machine against a configuration."""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from selavi import __version__
from selavi.data.collate import PREFETCH
from selavi.data.media.ffmpeg import ffmpeg_binary, ffmpeg_version
from selavi.data.sources.factory import configured_source
from selavi.estimates.cost import Cost
from selavi.files import UserError
from selavi.inventory import Inventory
from selavi.label.corrections_file import read_corrections
from selavi.label.names_file import read_names_file
from selavi.plan import Plan
from selavi.preflight.config_files import read_config
from selavi.preflight.estimate import estimate
from selavi.preflight.needed_weights import lacking, require_weights
from selavi.settings import TORCHVISION, Config, MediaSettings, RunSettings
from selavi.shortage import SHARED_MEMORY

DECODERS = ("h264", "hevc", "mpeg4", "vp8", "vp9", "av1", "aac", "mp3", "opus", "vorbis")
SCRATCH_BYTES = 2e9  # of one video being normalised, with room to spare


@dataclass(frozen=True)
class Finding:
    """Result of one check.

    Attributes
    ----------
    good : bool or None
        True is good, False is a problem, None is worth knowing.
    what : str
        What was checked.
    words : str
        What was found, and the remedy.
    """

    good: bool | None
    what: str
    words: str


def versions() -> Iterator[Finding]:
    """Check Python and the packages that selavi needs."""
    python = ".".join(map(str, sys.version_info[:3]))
    yield Finding(sys.version_info >= (3, 11), "Python", f"{python}; needed: 3.11 or newer")
    wrong, found = [], []
    try:
        needed = importlib.metadata.requires("selavi") or []
    except importlib.metadata.PackageNotFoundError:
        yield Finding(None, "selavi", f"{__version__}, not installed: run from its folder")
        return
    for line in needed:
        need = Requirement(line)
        if need.marker and not need.marker.evaluate({"extra": ""}):
            continue  # of development
        try:
            version = importlib.metadata.version(need.name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{need.name} is missing")
            continue
        if not need.specifier.contains(version, prereleases=True):
            wrong.append(f"{need.name} {version} is installed, {need.specifier} is needed")
        if need.name in ("torch", "snakemake"):
            found.append(f"{need.name} {version}")
    remedy = "pip install --require-hashes -r requirements/run.txt"
    yield Finding(
        not wrong, "packages", f"{'; '.join(wrong)}: {remedy}" if wrong else ", ".join(found)
    )


def ffmpeg() -> Iterator[Finding]:
    """Check the ffmpeg that decodes videos, and the formats that it reads."""
    binary = ffmpeg_binary()
    yield Finding(True, "ffmpeg", f"{ffmpeg_version()} ({binary})")
    command = [binary, "-hide_banner", "-decoders"]
    decoders = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    known = set(re.findall(r"^ [VA]\S+ +(\S+)", decoders, re.MULTILINE))
    known |= {"av1"} if known & {"libdav1d", "libaom-av1"} else set()
    missing = [name for name in DECODERS if name not in known]
    yield Finding(
        None if missing else True,
        "ffmpeg decoders",
        f"cannot read {', '.join(missing)}: such videos would be rejected"
        if missing
        else ", ".join(DECODERS),
    )


def gpus() -> Iterator[Finding]:
    """Check the GPUs of this machine."""
    import torch

    count = torch.cuda.device_count()
    names = [torch.cuda.get_device_properties(n) for n in range(count)]
    if count:
        memory = f"{names[0].total_memory / 2**30:.0f} GiB"
        yield Finding(True, "GPUs here", f"{count} x {names[0].name}, {memory}")
    elif shutil.which("nvidia-smi"):
        yield Finding(
            False, "GPUs here", f"none that torch {torch.__version__} can use, though there is an "
            "NVIDIA driver: compare `nvidia-smi` with the CUDA version torch was built for",
        )  # fmt: skip
    else:
        yield Finding(None, "GPUs here", "none; CPUs suit the presets features and small")


def shared_memory(config: Config) -> Iterator[Finding]:
    """Check room for the batches of loader processes, of the run that needs most."""
    need, name = max(
        ((_ahead(run, config.datasets[run.dataset].media), name) for name, run in
         config.runs.items()), default=(0.0, "")
    )  # fmt: skip
    free = shutil.disk_usage(SHARED_MEMORY).free
    words = f"{free / 1e6:,.0f} MB free in {SHARED_MEMORY}"
    if need:
        words += f"; run {name} hands over up to {need / 1e6:,.0f} MB of batches in it"
    remedy = (
        ": start the container with more (docker run --shm-size=8g), use a smaller "
        "training.batch_size or fewer machine.workers, or machine.workers: 0"
    )
    yield Finding(need < free, "shared memory", words + ("" if need < free else remedy))


def _ahead(run: RunSettings, media: MediaSettings) -> float:
    """Bytes of the batches that a run's loader processes make ahead, on this machine, at most."""
    import torch

    video, audio, clip = run.video, run.audio, 0.0
    if "video" in run.decoded:
        side = video.crop * min(1.0, media.short_side / video.scale_min) + 4
        clip += video.frames * side**2 * (1.0 if video.grey else 1.5)
    if "audio" in run.decoded:
        clip += max(2 * media.audio_rate, 4 * 100 * audio.filters) * audio.seconds
    processes = max(1, torch.cuda.device_count())
    clip *= run.labelling.groups if run.labelling.source == "epoch" else 1  # views of each
    return processes * run.machine.workers * PREFETCH * run.training.batch_size * clip


def configuration(files: list[Path]) -> Iterator[Finding]:
    """Check the settings, the datasets that they name, and the disk that all takes."""
    try:
        config = read_config(files)
    except UserError as error:
        yield Finding(False, "configuration", str(error))
        return
    yield Finding(True, "configuration", ", ".join(map(str, files)))
    yield from given_weights(config)
    yield from names_of_clusters(config)
    yield from given_features(config)
    yield from shared_memory(config)
    yield from stored_sizes(config)
    yield from initial_weights(config)
    found = list(datasets(config))
    yield from found
    if any(finding.good is False for finding in found):
        yield Finding(None, "disk", "not estimated: there are no videos to measure with")
        return
    try:
        yield from disk(estimate(config))
    except UserError as error:
        yield Finding(False, "a few videos", str(error))


def names_of_clusters(config: Config) -> Iterator[Finding]:
    """Find runs whose names or corrections of clusters cannot be read."""
    for name, run in config.runs.items():
        for key, file in (("names", run.names), ("corrections", run.corrections)):
            try:
                if file:
                    (read_names_file if key == "names" else read_corrections)(Path(file))
            except UserError as error:
                yield Finding(False, key, f"runs.{name}.{key}: {error}")


def given_weights(config: Config) -> Iterator[Finding]:
    """Find runs whose given or first weights are not there."""
    try:
        require_weights(Plan(config, lambda dataset, split: False))
    except UserError as error:
        yield Finding(False, "weights", str(error))


def given_features(config: Config) -> Iterator[Finding]:
    """Check whether the features of runs with frozen encoders are there."""
    for name, run in config.runs.items():
        try:
            Inventory(config).require_features(name)
        except UserError as error:
            yield Finding(False, "features", str(error))
        else:
            if run.frozen:
                yield Finding(True, f"run {name}", f"features of {' and '.join(run.frozen)} given")


def stored_sizes(config: Config) -> Iterator[Finding]:
    """Find runs that enlarge every frame that their datasets store."""
    for name, run in config.runs.items():
        stored, asked = config.datasets[run.dataset].media.short_side, run.video.scale_max
        if "video" in run.decoded and stored <= run.video.scale_min and stored < asked:
            yield Finding(
                None,
                f"run {name}",
                f"{run.dataset} stores frames of {stored} pixels, and video.scale_max = {asked} "
                f"enlarges them: set media.short_side: {asked}, unless the videos are smaller",
            )


def initial_weights(config: Config) -> Iterator[Finding]:
    """Check whether the weights that runs start from are on this machine."""
    sources = {
        source: name
        for name, run in config.runs.items()
        if run.network.init
        for source in run.network.init.sources.values()
    }
    if not sources:
        return
    from selavi.models.initial_weights import find_weights
    from selavi.models.torchvision_weights import cached_weights

    plan = Plan(config, lambda dataset, split: False)
    for source, name in sources.items():
        what = f"run {name}"
        if lacking(plan, name, source):
            continue  # `given_weights` says so
        if str(Path(source)) in plan.models:
            yield Finding(True, what, f"starts from {source}, which is made first")
        elif source == TORCHVISION and not cached_weights().exists():
            yield Finding(
                None, what, f"starts from {source}, which is downloaded to {cached_weights()}: "
                "run it once where there is a network, or place the file there",
            )  # fmt: skip
        else:
            try:
                yield Finding(True, what, f"starts from {source} ({find_weights(source)})")
            except UserError as error:
                yield Finding(False, what, str(error))


def datasets(config: Config) -> Iterator[Finding]:
    """Check whether each split's videos are there, and count them."""
    for name, dataset in config.datasets.items():
        for split in dataset.splits:
            what = f"{name}/{split}"
            try:
                source = configured_source(config.datasets, name, split)
                count = source.count()
                words = source.describe(count)
            except UserError as error:
                yield Finding(False, what, str(error))
                continue
            yield Finding(count != 0, what, words)


def disk(costs: list[Cost]) -> Iterator[Finding]:
    """Check room for results to come, and for one video in the temporary folder."""
    results = Path("results").resolve()  # it may be a link to another disk
    place = results if results.is_dir() else Path.cwd()
    need, there = sum(c.stored for c in costs), _bytes_below(results)
    free = shutil.disk_usage(place).free
    words = f"{need / 1e9:.3g} GB needed, "
    words += f"{there / 1e9:.3g} GB of results are there, " if there else ""
    words += f"{free / 1e9:,.0f} GB free in {place}"
    remedy = "; link results/ to a larger disk, or lower media.short_side"
    enough = need - there < free
    yield Finding(enough, "disk", words + ("" if enough else remedy))
    scratch = Path(tempfile.gettempdir())
    room = shutil.disk_usage(scratch).free
    yield Finding(
        room > SCRATCH_BYTES, "temporary folder",
        f"{room / 1e9:,.0f} GB free in {scratch}"
        + ("" if room > SCRATCH_BYTES else "; point TMPDIR to a larger disk"),
    )  # fmt: skip


def _bytes_below(folder: Path) -> int:
    """Bytes of the files below a folder; one with several names counts once."""
    sizes = {}
    for where, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):  # a run may be writing
                status = Path(where, name).lstat()
                sizes[status.st_ino] = status.st_size
    return sum(sizes.values())
