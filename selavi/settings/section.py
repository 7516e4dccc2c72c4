"""The base class of all sections, and types that several of them use."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _expanded(path: str) -> str:
    """Expand `~`, `~user`, `$NAME` and `${NAME}` as a shell does, as far as they are known."""
    if "\0" in path:
        raise ValueError(f"{path!r} contains a NUL character, which paths cannot have")
    return path if "://" in path else _in_home(os.path.expandvars(path))


def _in_home(path: str) -> str:
    if not path.startswith("~"):
        return path
    try:
        return str(Path(path).expanduser())
    except RuntimeError:  # no such user, or none with a home: then a name with a tilde
        return path


FilePath = Annotated[str, Field(min_length=1), AfterValidator(_expanded)]
"""A path or a URL."""
LearningRate = Annotated[float, Field(gt=0, le=1e30)]
"""The bound is wide: training stops when the loss is not finite."""
Seed = Annotated[int, Field(ge=0, lt=2**32)]
"""The range of k-means' seed, the smallest of all random generators."""
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
Modality = Literal["video", "audio"]
Precision = Literal["auto", "float32", "bfloat16"]


class Section(BaseModel):
    """A closed group of settings: unknown keys are errors, values do not change once checked."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
    )
