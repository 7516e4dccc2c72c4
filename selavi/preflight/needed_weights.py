"""Weights that runs are made from, or start from: what is lacking is said before any work."""

from pathlib import Path

from selavi.files import UserError
from selavi.models.zoo import absent, place
from selavi.plan import MODEL, Plan
from selavi.settings import FROZEN, TORCHVISION, Config, RunSettings, embedder_settings


def require_weights(plan: Plan) -> None:
    """Check the weights of all runs.

    Torchvision's are downloaded, and runs whose model is there need none.

    Parameters
    ----------
    plan : Plan
        Of the configuration.

    Raises
    ------
    UserError
        If files are lacking; the text names each.
    """
    sources = [
        (run, key, source)
        for run, settings in plan.config.runs.items()
        for key, given in (
            ("weights", [settings.weights] if settings.weights else []),
            ("network.init", plan.init_sources(run)),
            *_embedding(plan.config, settings),
        )
        for source in given
    ]
    lines = [
        f"runs.{run}.{key}: {reason}"
        for run, key, source in sources
        if (reason := lacking(plan, run, source))
    ]
    if lines:
        raise UserError("\n".join(lines))


def _embedding(config: Config, run: RunSettings) -> list[tuple[str, list[str]]]:
    """By key, the model of ours that embeds for a run."""
    found = []
    for modality in run.frozen:
        encoder = run.network.encoder(modality)
        if encoder != FROZEN:
            factory = embedder_settings(encoder, modality, config.embedders).factory
            name, _, source = factory.partition(":")
            found += [(f"network.{modality}_encoder", [source])] if name == "selavi" else []
    return found


def lacking(plan: Plan, run: str, source: str) -> str:
    """Say why a run cannot read a source of weights.

    Parameters
    ----------
    plan : Plan
        Of the configuration.
    run : str
        The run.
    source : str
        A path, `zoo:NAME`, or `torchvision:r2plus1d_18`.

    Returns
    -------
    str
        The reason and the remedy; "" if the run needs the file no more, or it is there once other
        runs are made.
    """
    if source == TORCHVISION:
        return ""
    try:
        file = str(place(source))
    except UserError as error:
        return str(error)
    model = MODEL.format(run=run)
    if file == model:
        return (
            f"{source} is the model that this run makes; give the run another name, or raise its "
            "training.epochs to train it longer"
        )
    there = file in plan.models or any(Path(path).is_file() for path in (file, model))
    return "" if there else absent(source)
