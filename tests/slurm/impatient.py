"""Snakemake that asks Slurm every two seconds.

The executor waits ten seconds longer after each look in vain, as suits jobs of hours. Tests of jobs
of seconds would spend half their time so. Nothing else differs, and not all tests use it.
"""

import sys

from snakemake.cli import main
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor

if __name__ == "__main__":
    RemoteExecutor.next_seconds_between_status_checks = property(lambda self: 2.0, lambda *_: None)
    sys.exit(main())
