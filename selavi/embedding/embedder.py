"""Embedders: plug-ins, and those that are built in."""

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from pathlib import Path

import numpy as np

from selavi.embedding.clip import Clip
from selavi.files import UserError
from selavi.settings import EmbedderSettings
from selavi.shortage import shortage

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
        return _made(settings.factory, _plug_in(name, what), settings.options)
    except TypeError as error:
        raise _wrong_options(settings.factory, error) from error


def _made(name: str, factory: Callable[..., Embedder], options: Mapping[str, object]) -> Embedder:
    """What a plug-in's factory returns."""
    try:
        signature(factory).bind(**options)
    except TypeError as error:
        raise _wrong_options(name, error) from error
    except ValueError:  # a builtin without a signature
        pass
    try:
        embedder = factory(**options)
    except UserError:
        raise
    except Exception as error:
        if shortage(error):
            raise
        raise UserError(
            f"the embedder {name} cannot be made: {type(error).__name__}: {error}; install or "
            "place what it needs, or correct its `options`"
        ) from error
    if not callable(embedder):
        raise UserError(
            f"the embedder {name} gives a {type(embedder).__name__}, which cannot be called; "
            "return a function of a list of clips"
        )
    return embedder


def _wrong_options(name: str, error: TypeError) -> UserError:
    return UserError(f"the embedder {name} does not take its options: {error}; correct `options`")


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
    except Exception as error:
        raise UserError(
            f"the embedder {module}:{function} fails as it is imported: {type(error).__name__}: "
            f"{error}; correct it"
        ) from error
    factory = getattr(imported, function, None)
    if not callable(factory):
        raise UserError(f"{imported.__file__} has no function {function!r}")
    made: Callable[..., Embedder] = factory
    return made
