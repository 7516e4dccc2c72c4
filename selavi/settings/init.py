"""Where the encoders' first weights come from."""

from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from selavi.settings.section import FilePath, Section

TORCHVISION = "torchvision:r2plus1d_18"
"""Torchvision's R(2+1)D-18, trained on Kinetics-400 with labels."""


def _known_source(source: str) -> str:
    if source.startswith("torchvision:") and source != TORCHVISION:
        raise ValueError(f"{source!r} is not offered; of torchvision's weights, {TORCHVISION} is")
    if "://" in source:
        raise ValueError(f"{source!r} is a URL; download the file and give its path")
    return source


WeightsSource = Annotated[FilePath, AfterValidator(_known_source)]
"""A file, `zoo:NAME` or `torchvision:r2plus1d_18`."""


class InitSettings(Section):
    """Weights that the encoders start from. One text in place of the section is for all encoders.

    A source is a file (a model of ours, a checkpoint of the paper's authors, or a state dict of
    torchvision's R(2+1)D-18 or ResNet), `zoo:NAME` (see `selavi zoo list`), or
    `torchvision:r2plus1d_18`, which has a video encoder only and is downloaded on first use.
    """

    video: WeightsSource | None = None
    """Source of the video encoder's weights. Without it, that encoder starts from random ones."""
    audio: WeightsSource | None = None
    """Source of the audio encoder's weights."""

    @property
    def sources(self) -> dict[str, str]:
        """The sources by modality."""
        return self.model_dump(exclude_none=True)

    @model_validator(mode="after")
    def _some_source(self) -> Self:
        if not self.sources:
            raise ValueError("init names no source; give init.video, init.audio or one for both")
        if self.audio == TORCHVISION:
            raise ValueError(
                f"{TORCHVISION} has no audio encoder; write init: {{video: {TORCHVISION}}}"
            )
        return self


def _of_all_encoders(raw: Any) -> Any:
    return {"video": raw, "audio": raw} if isinstance(raw, str) else raw


def _text_too(schema: dict[str, Any]) -> None:
    schema["anyOf"].insert(0, {"type": "string", "minLength": 1})


Init = Annotated[
    InitSettings | None, BeforeValidator(_of_all_encoders), Field(json_schema_extra=_text_too)
]
"""The section, or one source for all encoders."""
