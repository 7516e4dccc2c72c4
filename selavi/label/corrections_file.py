"""corrections.json: what people change of clusters, as the page saves it."""

import re
from codecs import BOM_UTF8
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    ValidationError,
    field_validator,
)  # fmt: skip

from selavi.disk import refusal
from selavi.files import UserError
from selavi.label.names_file import LONGEST

FORMAT: Literal["selavi corrections 1"] = "selavi corrections 1"
LISTED = 200
"""Clips of a cluster that a file of corrections lists at most."""
MOST = 10_000
"""New clusters of a file."""

Id = Annotated[str, Field(pattern="^[0-9a-f]{16}$")]


def _one_line(text: str) -> str:
    """Text with blanks and control characters as one space."""
    line = " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", text).split())
    if len(line) > LONGEST:
        raise ValueError(f"has {len(line)} characters; use at most {LONGEST}")
    return line


def _tag(text: str) -> str:
    if not text or _one_line(text) != text or " " in text:
        raise ValueError(f"{text[:40]!r} is no tag: a tag is a word, and blanks stand between tags")
    return text


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class Named(_Part):
    """A cluster's name, empty if it has none."""

    cluster: NonNegativeInt
    name: Annotated[str, AfterValidator(_one_line)]


class Merged(_Part):
    """A cluster whose clips go into another."""

    source: NonNegativeInt = Field(alias="from")
    into: NonNegativeInt


class Added(_Part):
    """A cluster that people split off another."""

    cluster: NonNegativeInt
    source: NonNegativeInt = Field(alias="from")


class Moved(_Part):
    """A clip that goes to another cluster, or to none."""

    clip: Id
    source: NonNegativeInt = Field(alias="from")
    to: NonNegativeInt | None


class Tagged(_Part):
    """The tags of a clip."""

    clip: Id
    tags: list[Annotated[str, AfterValidator(_tag)]]


class Members(_Part):
    """Clips that the model puts into a cluster: another training's cluster is found by them."""

    cluster: NonNegativeInt
    clips: list[Id] = Field(max_length=LISTED)


class Corrections(_Part):
    """What people change of the clusters of a head.

    Clusters below `clusters` are the model's; `new` ones are numbered from there up, perhaps with
    gaps. The cluster of a clip is that of its move if it has one, else that which the model's
    cluster is merged into.
    """

    format: Literal["selavi corrections 1"]
    title: str = ""
    head: NonNegativeInt | None = None
    clusters: PositiveInt
    names: list[Named] = []
    merged: list[Merged] = []
    new: list[Added] = []
    moved: list[Moved] = []
    tags: list[Tagged] = []
    members: list[Members] = []

    @field_validator("names", "new", "members", mode="after")
    @classmethod
    def _clusters_once(cls, parts: list[Named]) -> list[Named]:
        _once("cluster", (part.cluster for part in parts))
        return parts

    @field_validator("merged", mode="after")
    @classmethod
    def _merged_once(cls, parts: list[Merged]) -> list[Merged]:
        _once("cluster", (part.source for part in parts))
        gone = {part.source for part in parts}
        for part in parts:
            if part.into in gone:
                raise ValueError(
                    f"cluster {part.source} is merged into {part.into}, which is itself merged; "
                    "give the cluster where its clips end"
                )
        return parts

    @field_validator("moved", "tags", mode="after")
    @classmethod
    def _clips_once(cls, parts: list[Moved]) -> list[Moved]:
        _once("clip", (part.clip for part in parts))
        return parts

    def model_post_init(self, _: object, /) -> None:
        """Check what must hold between the parts."""
        new = {part.cluster for part in self.new}
        wrong = [n for n in sorted(new) if not self.clusters <= n < self.clusters + MOST]
        if wrong:
            raise ValueError(
                f"new: the numbers of new clusters begin at {self.clusters}, the number of "
                f"clusters; {', '.join(map(str, wrong[:3]))} cannot be one"
            )
        for where, cluster in self._mentioned():
            if cluster >= self.clusters and cluster not in new:
                raise ValueError(
                    f"{where}: there is no cluster {cluster}, only 0 to {self.clusters - 1} and "
                    f"{len(new)} new ones"
                )

    def _mentioned(self) -> Iterable[tuple[str, int]]:
        for key, clusters in {
            "names": [part.cluster for part in self.names],
            "merged": [n for part in self.merged for n in (part.source, part.into)],
            "new": [part.source for part in self.new],
            "moved": [n for part in self.moved for n in (part.source, part.to) if n is not None],
            "members": [part.cluster for part in self.members],
        }.items():
            yield from ((key, cluster) for cluster in clusters)

    @property
    def count(self) -> int:
        """The number of clusters, with the new ones and gaps."""
        return max([self.clusters, *(part.cluster + 1 for part in self.new)])


def _once(name: str, values: Iterable[object]) -> None:
    seen = set()
    for value in values:
        if value in seen:
            raise ValueError(f"{name} {value} is there twice; keep one")
        seen.add(value)


def read_corrections(path: Path) -> Corrections:
    """Read a file of corrections, and check all of it.

    Parameters
    ----------
    path : Path
        corrections.json, as the page saves it.

    Returns
    -------
    Corrections
        What it says.

    Raises
    ------
    UserError
        If the file cannot be read, is not JSON, or contradicts itself.
    """
    try:
        content = path.read_bytes().removeprefix(BOM_UTF8)
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; the page saves such files") from None
    except OSError as error:
        raise UserError(refusal(error, path, "read")) from None
    try:
        return Corrections.model_validate_json(content, by_alias=True, by_name=False)
    except ValidationError as error:
        first, *others = error.errors(include_url=False, include_input=False)
        place = ".".join(map(str, first["loc"]))
        words = first["msg"].removeprefix("Value error, ")
        more = f" (and {len(others)} more problems)" if others else ""
        raise UserError(
            f"{path}: {place + ': ' if place else ''}{words}{more}; "
            "mend the file, or save it again from the page"
        ) from None


def dump(corrections: Corrections) -> dict[str, object]:
    """Corrections as the JSON of a file has them."""
    return corrections.model_dump(by_alias=True)
