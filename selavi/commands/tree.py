"""selavi tree: how clusters of several numbers fall into each other."""

import argparse

from selavi.commands import arguments

HELP = "compare the numbers of clusters of a run, and write the tree of their clusters"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    arguments.file(parser, "assignments", "read the assignments of a split (CSV)")
    arguments.file(parser, "output", "write the tree (CSV)")
    arguments.file(parser, "levels", "write the agreement of each number of clusters (CSV)")
    arguments.file(parser, "figure", "write the figure of both (SVG)")


def run(options: argparse.Namespace) -> None:
    from selavi.reporting.tree import make_tree

    make_tree(options.assignments, options.output, options.levels, options.figure)
