"""Logger plugin that sends Snakemake's events to `selavi run` as JSON lines.

Snakemake finds a logger plugin by its name on the Python path. `selavi run` adds this folder to the
path, and sets the file descriptor in SELAVI_RUN_EVENTS.
"""

import json
import os
from logging import LogRecord

from snakemake_interface_logger_plugins.base import LogHandlerBase

FIELDS = (
    "event", "exception", "jobid", "job_id", "jobs", "log", "rule_name", "stats", "wildcards",
)  # fmt: skip


class LogHandler(LogHandlerBase):
    """Writes every record as a line of JSON, instead of Snakemake's own output."""

    def __post_init__(self) -> None:
        self.descriptor = int(os.environ["SELAVI_RUN_EVENTS"])

    def emit(self, record: LogRecord) -> None:
        """Write one record."""
        facts = {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        facts |= {"level": record.levelname, "message": record.getMessage()}
        with open(self.descriptor, "a", closefd=False) as pipe:
            pipe.write(json.dumps(facts, default=str) + "\n")

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False
