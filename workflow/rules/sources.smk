# What a split's clips come from: whether it is there, has classes, and which files it names.
import functools

import pandas as pd
from selavi.data.sources.split_files import official_files
from selavi.data.manifest import changes, count_videos, find_videos, has_classes
from selavi.data.sources.video_table import read_video_table
from selavi.settings import require_enough, split_folder


def split_text(dataset, split):
    """What a split of a dataset depends on: none of the others, and media only with shards.

    A table or split files that it names follow with their size and time; the words of before stand for
    files that were moved away since.
    """
    data = DATASETS[dataset]
    source = data.splits[split]
    alone = data.model_copy(update={"splits": {split: source}})
    text = config_file.section_text(alone, without=() if source.tars else {"media"})
    files = named_files(Path(data.root), source)
    if files and all(file.is_file() for file in files):
        facts = [(file, file.stat()) for file in files]
        lines = (
            f"# {str(f)!r}: {s.st_size} bytes of {s.st_mtime_ns}\n" for f, s in facts
        )
        return "".join([text, *lines])
    made = Path(f"results/settings/splits/{dataset}/{split}.yaml")
    before = made.read_text(encoding="utf-8") if made.exists() else text
    return before if before.startswith(text) else text


def named_files(root, source):
    """Files, besides videos, that say what is in a split."""
    if source.table:
        return [root / source.table]
    if source.official:
        return official_files(root / source.official.folder, source.official)
    return []


@functools.cache
def sources_of(dataset, split):
    """Where a split's shards are fetched from; counted out once and not for each job."""
    return DATASETS[dataset].splits[split].sources


def tar_state(wildcards):
    """Size and time of the shard that one is fetched from; None if it is not on this machine.

    The size alone says little: tars are filled up to whole blocks of 10 KiB.
    """
    dataset, split = Path(wildcards.place).parts
    path = Path(DATASETS[dataset].root, sources_of(dataset, split)[int(wildcards.n)])
    if not path.is_file():
        return None
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def listed(dataset, split):
    """A split's manifest if it is of today's settings: its videos may have been moved away since."""
    manifest = Path(f"results/manifest/{dataset}/{split}.csv")
    settings = Path(f"results/settings/splits/{dataset}/{split}.yaml")
    if not (manifest.exists() and settings.exists()):
        return None
    same = settings.read_text(encoding="utf-8") == split_text(dataset, split)
    return manifest if same else None


def count(dataset, split, enough):
    """Videos in a split's folder or table, counted as far as `enough`; None if it has neither."""
    data = DATASETS[dataset]
    source = data.splits[split]
    if data.embedded or source.tars or source.of:
        return None
    manifest = listed(dataset, split)
    if manifest:
        return len(pd.read_csv(manifest, usecols=["id"], nrows=enough))
    if source.table:
        return len(read_video_table(Path(data.root, source.table), source.columns))
    folder = split_folder(data, split)
    found = count_videos(folder, enough)
    if not found:
        find_videos(folder)  # says what is there instead
    return found


def check_sources():
    """Folders and tables that cannot do are said at once."""
    for name, dataset in DATASETS.items():
        for split in dataset.splits:
            count(name, split, enough=1)
    for name, run in RUNS.items():
        enough = max(run.network.clusters, run.training.batch_size)
        found = count(run.dataset, "train", enough)
        if found is not None:
            require_enough(name, run, found)


if workflow.is_main_process:
    try:
        check_sources()
    except ValueError as error:
        raise WorkflowError(str(error)) from None


def added_file(dataset, split):
    """Names of the videos that a folder last gained; the manifest is made again when they change."""
    return Path(f"results/manifest/{dataset}/{split}.added.txt")


def look_for_new(dataset, split):
    """Say which videos came into a split's folder, or went, since its manifest was made.

    `selavi run` takes new ones in. Not where some are gone: with them their clips would go, and
    people move videos away that are in shards.
    """
    data = DATASETS[dataset]
    source = data.splits[split]
    manifest = listed(dataset, split)
    if (
        data.embedded
        or source.tars
        or source.of
        or named_files(Path(data.root), source)
    ):
        return
    if not manifest:
        return
    folder = split_folder(data, split)
    new, gone = changes(folder, manifest)
    # `selavi run` says so where jobs are to run; Snakemake does not tell so early.
    taken_in = "SELAVI_RUN_PIPE" in os.environ
    counts = [f"{len(new)} new"] * bool(new) + [f"{len(gone)} missing"] * bool(gone)
    if not counts:
        return
    words = f"{folder}: of its videos {' and '.join(counts)} since {manifest} was made"
    if new and not gone and taken_in:
        words += "; adding them"
        text = "\n".join(new) + "\n"
        added_file(dataset, split).write_text(text, encoding="utf-8")
    elif not gone:
        words += "; to add them: selavi run"
    else:
        words += f"; to list the folder as it is now: selavi run -R {manifest}"
    print(words, file=sys.stderr)


if workflow.is_main_process:
    for name, dataset in DATASETS.items():
        for split in dataset.splits:
            look_for_new(name, split)


@functools.cache
def is_labelled(dataset, split):
    """Whether the split has classes to compare clusters with; of tars, whether it may have."""
    data = DATASETS[dataset]
    source = data.splits[split]
    if data.embedded or source.of:
        return True
    if source.tars or data.labels == "none":
        return data.labels != "none"
    manifest = listed(dataset, split)
    if manifest:
        text = {"usecols": ["label"], "dtype": str, "na_filter": False}
        parts = pd.read_csv(manifest, **text, chunksize=100_000)
    elif source.table:
        parts = [read_video_table(Path(data.root, source.table), source.columns)]
    else:
        return has_classes(split_folder(data, split), data.labels)
    return any((part["label"] != "").any() for part in parts)


def feature_files(wildcards):
    """Files that the baselines of a run and split read besides clips, as far as they are there."""
    run, split = wildcards.run, wildcards.split
    names = {"run": run, "dataset": RUNS[run].dataset, "split": split}
    files = [SETTINGS.baselines.supervised_weights or ""]
    files += [
        pattern.format(**names) for pattern in SETTINGS.baselines.features.values()
    ]
    return [file for file in files if Path(file).is_file()]
