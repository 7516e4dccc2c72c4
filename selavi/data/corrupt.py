"""Corrupt clips: batches name those they met, and one record counts them."""

import logging
from collections.abc import Iterable, Iterator, Mapping

from selavi.batch import Batch
from selavi.data.dataset import Clips
from selavi.files import UserError

log = logging.getLogger(__name__)

LISTED = 20  # corrupt clips named in an error; the log has them all


class CorruptClips:
    """The corrupt clips of a split that were met so far.

    Parameters
    ----------
    clips : Clips
        The split; its `max_corrupt` is the largest fraction of its clips allowed.

    Attributes
    ----------
    found : dict
        What is wrong with each, by sample.
    """

    def __init__(self, clips: Clips) -> None:
        self.clips = clips
        self.found: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self.found)

    def counted(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Count the corrupt clips of each batch, and leave out batches without a whole clip.

        Parameters
        ----------
        batches : iterable of Batch
            Batches as the loader gives them.

        Yields
        ------
        Batch
            With at least one clip.

        Raises
        ------
        UserError
            As `add`.
        """
        for batch in batches:
            self.add(batch.corrupt)
            if len(batch.sample):
                yield batch

    def add(self, found: Mapping[int, str]) -> None:
        """Count corrupt clips, and warn once of each, by the path of its video.

        Parameters
        ----------
        found : mapping
            What is wrong with each, by sample.

        Raises
        ------
        UserError
            With the list, if there are more than `max_corrupt` allows.
        """
        for sample, problem in found.items():
            if sample not in self.found:
                self.found[sample] = problem
                log.warning("corrupt clip: %s", self.clips.describe(sample, problem))
        self._check()

    def merge(self, samples: Iterable[int]) -> None:
        """Count those that other processes met and warned of. Raises as `add`."""
        for sample in samples:
            self.found.setdefault(sample, "found by another process")
        self._check()

    def _check(self) -> None:
        clips = self.clips
        if len(self) > clips.max_corrupt * len(clips):
            listed = "".join(
                f"\n  {clips.describe(sample, self.found[sample])}"
                for sample in sorted(self.found)[:LISTED]
            )
            more = len(self) - LISTED
            raise UserError(
                f"{len(self)} of {len(clips)} clips are corrupt, more than max_corrupt = "
                f"{clips.max_corrupt:g} allows; make their shards again, or raise max_corrupt:"
                + listed
                + (f"\n  and {more} more" if more > 0 else "")
            )
