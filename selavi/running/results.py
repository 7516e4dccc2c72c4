"""What a run that is over has to show."""

from pathlib import Path

from selavi.config_file import read_section
from selavi.reporting.tables import make_tables
from selavi.settings import ResolvedConfig


def show_results(results: Path) -> None:
    """Print the tables of the runs that are configured, and where to look further."""
    path = results / "settings" / "config.yaml"
    if not path.exists():
        return
    config = read_section(path, ResolvedConfig)
    make_tables(results, None, None)
    for name, pattern in (
        ("rejected videos, and why", "shards/{dataset}/train/rejected.csv"),
        ("how training went", "figures/{run}/training.svg"),
        ("watch and hear the clusters: open in a browser", "explorer/{run}/index.html"),
    ):
        paths = [
            results / pattern.format(run=run, dataset=settings.dataset)
            for run, settings in config.runs.items()
        ]
        there = [path for path in dict.fromkeys(paths) if path.exists()]
        if there:
            print(f"{name}:")
        for path in there:
            page = path.suffix == ".html"
            print(f"  {path.absolute().as_uri() if page else path}")
