"""selavi import-model: make a run's model from given weights."""

import argparse

from selavi.commands import arguments
from selavi.config_file import read_section
from selavi.settings import RunSettings

HELP = "make the model of a run that is not trained from its `weights`"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.settings(parser, "run")
    arguments.folder(parser, "output", "write model.pt and config.yaml to this folder")


def run(options: argparse.Namespace) -> None:
    from selavi.models.import_model import import_model

    import_model(read_section(options.settings, RunSettings), options.output)
