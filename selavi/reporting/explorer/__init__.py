"""The explorer: an HTML page to watch and hear the clusters."""

from selavi.reporting.explorer.build import make_explorer

__all__ = ["make_explorer"]
