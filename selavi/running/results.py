"""Print the results of a finished run."""

from pathlib import Path

from selavi.config_file import read_section
from selavi.reporting.tables import make_tables
from selavi.settings import ResolvedConfig


def show_results(results: Path) -> None:
    """Print the tables of the configured runs, and the paths of further results."""
    path = results / "settings" / "config.yaml"
    if not path.exists():
        return
    config = read_section(path, ResolvedConfig)
    make_tables(results, None, None)
    for title, pattern in (
        ("the cluster of every clip", "assign/{run}/train.csv"),
        ("rejected videos, with reasons", "shards/{dataset}/train/rejected.csv"),
        ("plots of training", "figures/{run}/training.svg"),
        ("explorer, to watch and hear the clusters in a browser", "explorer/{run}/index.html"),
    ):
        paths = [
            results / pattern.format(run=run, dataset=settings.dataset)
            for run, settings in config.runs.items()
        ]
        existing = [path for path in dict.fromkeys(paths) if path.exists()]
        if existing:
            print(f"{title}:")
        for path in existing:
            page = path.suffix == ".html"
            print(f"  {path.absolute().as_uri() if page else path}")
    print("all tables and figures as one page: selavi run --report report.html")
