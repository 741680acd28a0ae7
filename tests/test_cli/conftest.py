"""One trained project for all tests of this folder; each test gets its own copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mmseg_deeplab.cli import main

from .project import Project


@pytest.fixture(scope='session')
def trained(tmp_path_factory) -> Project:
    """A project after ``train``: ``work/`` holds iter_2.pth, iter_4.pth and logs."""
    project = Project(tmp_path_factory.mktemp('trained'))
    assert main(project.train()) == 0
    assert project.checkpoint.is_file()
    return project


@pytest.fixture
def project(trained: Project, tmp_path: Path) -> Project:
    """A copy of the trained project."""
    copy = Project(tmp_path)
    shutil.copytree(trained.work, copy.work)
    return copy
