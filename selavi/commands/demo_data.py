"""selavi demo-data: make the embedded dataset."""

import argparse

from selavi.commands import arguments
from selavi.config_file import read_section
from selavi.files import UserError, write_csv
from selavi.settings import DatasetSettings

HELP = "make the embedded dataset: moving digits with a timbre per class, as mp4 files"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.settings(parser, "dataset")
    arguments.file(parser, "output", "write the list of videos (CSV)")
    arguments.workers(parser)


def run(options: argparse.Namespace) -> None:
    from pathlib import Path

    from selavi.data.sources.demo_dataset import make_demo_dataset

    dataset = read_section(options.settings, DatasetSettings)
    if dataset.embedded is None:
        raise UserError(f"{options.settings} has no 'embedded' section: nothing to make")
    table = make_demo_dataset(
        Path(dataset.root),
        seed=dataset.embedded.seed,
        classes=dataset.embedded.classes,
        train_per_class=dataset.embedded.train_per_class,
        test_per_class=dataset.embedded.test_per_class,
        workers=max(1, options.workers),
    )
    write_csv(options.output, table)
