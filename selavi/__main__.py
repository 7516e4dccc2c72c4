"""`python -m selavi`, for process launchers."""

from selavi.cli import run_and_exit

run_and_exit()
