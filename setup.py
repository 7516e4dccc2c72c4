"""The packages, with the workflow's folders beside; pyproject.toml has everything else."""

from setuptools import find_packages, setup

FOLDERS = ["selavi_workflow.workflow", "selavi_workflow.config", "selavi_workflow.profiles"]

setup(packages=[*find_packages(include=["selavi*"]), *FOLDERS])
