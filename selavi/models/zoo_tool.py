"""The tool `selavi zoo`: list, get and check the released networks."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from selavi.disk import refusal
from selavi.files import UserError, explain_refusal
from selavi.models.download import BLOCK, Unreachable, discard, download, finish, sole_writer
from selavi.models.zoo import (
    PREFIX,
    Changed,
    ZooModel,
    accept,
    digest_of,
    find,
    recorded_digest,
    released_models,
    resolve,
    zoo_folder,
)
from selavi.progress import Bar

log = logging.getLogger(__name__)


def listing() -> str:
    """The table of the released networks, which of them are here, and their addresses."""
    lines = [
        f"{'name':<16}{'trained on':<16}{'clusters':>8}{'heads':>7}{'NMI':>8}{'accuracy':>10}  here"
    ]
    for m in released_models().values():
        here = f"{m.path.stat().st_size / 1e6:,.0f} MB" if m.path.is_file() else "no"
        lines.append(
            f"{m.name:<16}{m.dataset:<16}{m.clusters:>8}{m.heads:>7}{m.nmi:>7.1f}%"
            f"{m.accuracy:>9.1f}%  {here}"
        )
    lines += [
        "",
        "NMI and accuracy are the authors' figures, of the head that is best by the classes.",
    ]
    lines += [f"The files are in {zoo_folder()}, by the names that they have here:"]
    return "\n".join(lines + [f"  {m.url}" for m in released_models().values()])


def check(names: Sequence[str]) -> bool:
    """Compare networks with their recorded SHA-256, read them, and print what was found.

    Parameters
    ----------
    names : sequence of str
        Of the networks; empty for all that are here.

    Returns
    -------
    bool
        Whether all are whole.

    Raises
    ------
    UserError
        If none is here.
    """
    from selavi.models.checkpoint import load_model  # takes seconds

    models = [find(name) for name in names]
    models = models or [m for m in released_models().values() if m.path.is_file()]
    if not models:
        raise UserError(f"no model of the zoo is in {zoo_folder()}; `selavi zoo get NAME` gets one")
    good = True
    for model in models:
        try:
            load_model(PREFIX + model.name)
        except UserError as error:
            good = False
            log.error("%s", error)
        else:
            print(f"{model.name}: {model.path} is whole, {_digest_words(model)}")
    return good


def _digest_words(model: ZooModel) -> str:
    if recorded := recorded_digest(model):
        return f"SHA-256 {recorded}"
    return f"SHA-256 {digest_of(model.path)}, which is not recorded, so that no change is seen"


def get_all(names: Sequence[str], origin: str = "") -> None:
    """Get released networks, and print where they are.

    Parameters
    ----------
    names : sequence of str
        Of the networks.
    origin : str
        As of `get`; for one network only.

    Raises
    ------
    UserError
        As `get`.
    """
    models = [find(name) for name in names]  # an unknown name fails before any download
    if origin and len(models) > 1:
        raise UserError(f"--from gives one file, and {len(models)} models are named; name one")
    for model in models:
        path = get(model.name, origin)
        print(f"{PREFIX}{model.name}: {path}, {_digest_words(model)}")


def get(name: str, origin: str = "") -> Path:
    """Get a released network, with a progress bar; an interrupted download continues.

    Parameters
    ----------
    name : str
        Of the network.
    origin : str
        A file, or an http(s) address, in place of the authors' address.

    Returns
    -------
    Path
        The file, which is whole.

    Raises
    ------
    UserError
        If it cannot be got, is no such network, or is not the file whose SHA-256 is recorded.
    """
    model = find(name)
    if _is_here(model, origin):
        return model.path
    with sole_writer(model.path) as part:
        if _is_here(model, origin):  # another process may have got it meanwhile
            return model.path
        if not origin or "://" in origin:
            _download(model, origin, part)
        else:
            _copy(Path(origin).expanduser(), part)
        try:
            accept(model, part, digest_of(part), origin or model.url)
        except UserError:
            discard(part)
            raise
        finish(part, model.path)
    return model.path


def _is_here(model: ZooModel, origin: str) -> bool:
    """Whether the file is here and unchanged."""
    if not model.path.is_file():
        return False
    try:
        resolve(PREFIX + model.name)
    except Changed:
        return False
    if origin:
        log.warning("%s is here already; --from %s is not used", model.path, origin)
    return True


def _download(model: ZooModel, origin: str, part: Path) -> None:
    try:
        download(origin or model.url, part, ("https", "http") if origin else ("https",))
    except Unreachable as error:
        raise UserError(
            f"{error}. Run the same command again, give a mirror (selavi zoo get {model.name} "
            f"--from FILE|URL), or download {model.url} elsewhere and place it at {model.path}"
        ) from None


def _copy(source: Path, part: Path) -> None:
    if not source.is_file():
        raise UserError(f"{source} is not a file; --from takes a file or an http(s) address")
    discard(part)
    try:
        given = source.open("rb")
    except OSError as error:
        raise UserError(refusal(error, source, "read")) from None
    with (
        given,
        Bar(total=source.stat().st_size, desc=source.name, unit="B", unit_scale=True) as bar,
        explain_refusal(part),
        part.open("wb") as file,
    ):
        while block := _read(source, given):
            file.write(block)
            bar.update(len(block))


def _read(source: Path, given: BinaryIO) -> bytes:
    try:
        return given.read(BLOCK)
    except OSError as error:
        raise UserError(refusal(error, source, "read")) from None
