"""Embedders: plug-ins, and those that are built in."""

import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from selavi.embedding.clip import Clip
from selavi.files import UserError
from selavi.settings import EmbedderSettings

Embedder = Callable[[Sequence[Clip]], np.ndarray]
"""Maps B clips to (B, D) numbers; row n is of clip n."""


def load_embedder(settings: EmbedderSettings) -> Embedder:
    """Make an embedder.

    Parameters
    ----------
    settings : EmbedderSettings
        Its factory and options. The module of a plug-in is looked for in the working folder, too.

    Returns
    -------
    Embedder
        Ready to be called.

    Raises
    ------
    UserError
        If the plug-in or a library that it needs cannot be imported, or it cannot be made.
    """
    name, _, what = settings.factory.partition(":")
    try:
        if settings.factory == "imagenet":
            from selavi.embedding.imagenet import imagenet

            return imagenet(**settings.options)
        if settings.factory == "log_mel":
            from selavi.embedding.log_mel import log_mel

            return log_mel(**settings.options)
        if name == "torchvision":
            from selavi.embedding.torchvision_video import torchvision_video

            return torchvision_video(what, **settings.options)
        return _plug_in(name, what)(**settings.options)
    except TypeError as error:
        raise UserError(
            f"the embedder {settings.factory} does not take its options: {error}; correct `options`"
        ) from error


def _plug_in(module: str, function: str) -> Callable[..., Embedder]:
    if not function:
        raise UserError(f"the embedder {module!r} is not of the form package.module:function")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        imported = importlib.import_module(module)
    except ImportError as error:
        raise UserError(
            f"the embedder {module}:{function} cannot be imported: {error}; install what it needs, "
            f"or put {module.replace('.', '/')}.py in the working folder"
        ) from error
    factory = getattr(imported, function, None)
    if not callable(factory):
        raise UserError(f"{imported.__file__} has no function {function!r}")
    made: Callable[..., Embedder] = factory
    return made
