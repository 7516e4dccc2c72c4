"""The two ways to lay one mapping over another; they differ in what null means."""

from typing import Any


def overlay(base: Any, over: Any) -> Any:
    """Lay a later configuration file over an earlier one: null replaces what it covers.

    Snakemake merges configuration files in this way.
    """
    if not (isinstance(base, dict) and isinstance(over, dict)):
        return over
    return base | {k: overlay(base[k], v) if k in base else v for k, v in over.items()}


def inherit(base: Any, own: Any) -> Any:
    """Fill in from `base` what `own` does not set: null takes the value of `base`."""
    if not (isinstance(base, dict) and isinstance(own, dict)):
        return base if own is None else own
    return {k: inherit(base.get(k), own.get(k)) for k in base | own}
