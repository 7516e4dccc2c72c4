"""Arguments that several commands take."""

import argparse
from pathlib import Path


def file(parser: argparse.ArgumentParser, name: str, text: str) -> None:
    """A required path."""
    parser.add_argument(f"--{name}", type=Path, required=True, metavar="FILE", help=text)


def folder(parser: argparse.ArgumentParser, name: str, text: str) -> None:
    """A required folder."""
    parser.add_argument(f"--{name}", type=Path, required=True, metavar="FOLDER", help=text)


def settings(parser: argparse.ArgumentParser, what: str) -> None:
    """The settings file that `selavi settings` writes."""
    file(parser, "settings", f"settings of the {what}, as `selavi settings` writes them")


def workers(parser: argparse.ArgumentParser) -> None:
    """Number of loader processes; the result does not depend on it."""
    parser.add_argument(
        "--workers", type=int, default=0, metavar="N", help="decoding processes (default: 0)"
    )
