"""The model zoo: the networks that the paper's authors released, in a folder of the user's.

`zoo.csv` is the table of the release. A file is accepted if its network is the one that the table
says; its SHA-256 is then recorded beside it, in the format of `sha256sum`, and compared at each
use and each later download.
"""

import csv
import hashlib
import logging
import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from selavi.disk import refusal
from selavi.files import UserError, write_text
from selavi.user import cache_folder

log = logging.getLogger(__name__)

PREFIX = "zoo:"
FOLDER = "SELAVI_ZOO"
"""Environment variable that names the folder of the files."""
RELEASED = "released"
"""`version` in the facts of a model that the authors' files hold, in place of ours."""
ENCODERS = ("r2plus1d_18", "resnet_9")
"""Of video and audio in every released network."""
DIGEST = re.compile(rb"[0-9a-fA-F]{64}")


class Changed(UserError):
    """A file is not the one whose SHA-256 is recorded."""


@dataclass(frozen=True)
class ZooModel:
    """A released network.

    Attributes
    ----------
    name : str
        Its name; `zoo:{name}` stands for its file.
    dataset : str
        The dataset that it was trained on.
    clusters, heads : int
        Number of clusters, and of heads per modality.
    setting : str
        Of the training: modality alignment (MA), Gaussian marginals (G), several heads (MH).
    nmi, accuracy : float
        The authors' figures, in percent.
    url : str
        Address of the file.
    """

    name: str
    dataset: str
    clusters: int
    heads: int
    setting: str
    nmi: float
    accuracy: float
    url: str

    @property
    def path(self) -> Path:
        """Where the file is, or is to be placed."""
        return zoo_folder() / self.url.rpartition("/")[2]

    @property
    def record(self) -> Path:
        """The file that holds the SHA-256."""
        return self.path.with_name(f"{self.path.name}.sha256")


@cache
def released_models() -> dict[str, ZooModel]:
    """The released networks by name."""
    with Path(__file__).with_name("zoo.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        row["name"]: ZooModel(
            row["name"], row["dataset"], int(row["clusters"]), int(row["heads"]), row["setting"],
            float(row["nmi"]), float(row["accuracy"]), row["url"],
        )
        for row in rows
    }  # fmt: skip


def zoo_folder() -> Path:
    """The folder of the files: $SELAVI_ZOO, or else `selavi/zoo` in the user's cache folder.

    Raises
    ------
    UserError
        If there is neither.
    """
    given = os.environ.get(FOLDER)
    folder = Path(given).expanduser() if given else cache_folder("zoo")
    if folder is None:
        raise UserError(f"this user has no home folder; set {FOLDER} to a folder for the models")
    return folder


def find(name: str) -> ZooModel:
    """The released network of this name, with or without `zoo:`. Raises UserError if none is."""
    models, name = released_models(), name.removeprefix(PREFIX)
    if name not in models:
        raise UserError(f"{name!r} is not in the model zoo, which has: {', '.join(models)}")
    return models[name]


def place(source: str) -> Path:
    """The file that a model is given by, whether it is there or not.

    Parameters
    ----------
    source : str
        A path, or `zoo:NAME`.

    Returns
    -------
    Path
        The path of the file.

    Raises
    ------
    UserError
        If the zoo has no such model.
    """
    return find(source).path if source.startswith(PREFIX) else Path(source)


def absent(source: str) -> str:
    """Say that the file of a model, a path or `zoo:NAME`, is not there, and how to get it."""
    if not source.startswith(PREFIX):
        return f"{source} does not exist; correct the path, or place the file there"
    model = find(source)
    return (
        f"{source} is not on this machine: run `selavi zoo get {model.name}`, or download "
        f"{model.url} elsewhere and place it at {model.path}"
    )


def resolve(source: str) -> Path:
    """The file that a model is given by; one of the zoo has to be there, and unchanged.

    Parameters
    ----------
    source : str
        A path, which is returned as it is, or `zoo:NAME`.

    Returns
    -------
    Path
        The path of the file.

    Raises
    ------
    UserError
        If the zoo has no such model, its file is missing, or it is not the recorded one.
    """
    if not source.startswith(PREFIX):
        return Path(source)
    model = find(source)
    if not model.path.is_file():
        raise UserError(absent(source))
    recorded, digest = recorded_digest(model), digest_of(model.path)
    if not recorded:
        accept(model, model.path, digest)
    elif digest != recorded:
        raise Changed(
            f"{model.path} has changed: its SHA-256 is {digest}, and {model.record} has "
            f"{recorded}; run `selavi zoo get {model.name}`, which gets it again"
        )
    return model.path


def digest_of(path: Path) -> str:
    """SHA-256 of a file, as 64 hex digits. Raises UserError if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None


def recorded_digest(model: ZooModel) -> str:
    """A network's recorded SHA-256, "" if there is none. Raises UserError if it is not one."""
    if not model.record.exists():
        return ""
    try:
        digest = model.record.read_bytes().partition(b" ")[0].strip()
    except OSError as error:
        raise UserError(refusal(error, model.record, "read")) from None
    if not DIGEST.fullmatch(digest):
        raise UserError(
            f"{model.record} does not begin with a SHA-256 of 64 hex digits; remove it if you "
            f"trust {model.path}, whose SHA-256 is then recorded again"
        )
    return digest.decode().lower()


def accept(model: ZooModel, path: Path, digest: str, origin: str = "") -> None:
    """Record a file's SHA-256, if it is the network that the table says.

    Parameters
    ----------
    model : ZooModel
        The network that the file should be.
    path : Path
        The file, perhaps still under another name.
    digest : str
        Its SHA-256.
    origin : str
        Where it is from, for errors; by default its path.

    Raises
    ------
    Changed
        If another SHA-256 is recorded.
    UserError
        If it is another network, or damaged.
    """
    from selavi.models.checkpoint import load_model  # takes seconds

    where, recorded = origin or str(path), recorded_digest(model)
    remedy = "" if origin else "; replace or remove the file"
    if recorded and digest != recorded:
        raise Changed(
            f"{where} is not the file that {model.record} is of: its SHA-256 is {digest}, the "
            f"recorded one is {recorded}; try again or another mirror (--from), or, if the authors "
            "replaced the model, remove the record"
        )
    try:
        _, settings, facts = load_model(path)
    except UserError as error:
        raise UserError(f"{where} is not {PREFIX}{model.name}: {error}{remedy}") from None
    network = settings.network
    encoders = (network.video_encoder, network.audio_encoder)
    if facts.get("version") != RELEASED or encoders != ENCODERS or len(settings.modalities) != 2:
        raise UserError(
            f"{where} is not {PREFIX}{model.name}: it was not released by the paper's authors"
            f"{remedy}"
        )
    found, expected = (network.clusters, network.heads), (model.clusters, model.heads)
    if found != expected:
        raise UserError(
            f"{where} is not {PREFIX}{model.name}: it has {found[1]} heads of {found[0]} clusters "
            f"in place of {expected[1]} of {expected[0]}{remedy}"
        )
    if recorded:
        return
    try:
        write_text(model.record, f"{digest}  {model.path.name}\n")
    except UserError as error:  # a folder that is shared, and only read
        log.warning("the SHA-256 of %s is not recorded: %s", model.path, error)
