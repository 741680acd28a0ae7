"""What `pip install .` would install: the package, the configs, the command."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from .source import REPO


@pytest.fixture(scope='module')
def built(tmp_path_factory):
    """The tree that a wheel of this checkout would hold."""
    folder = tmp_path_factory.mktemp('build')
    command = [sys.executable, 'setup.py', '-q', 'egg_info', '-e', str(folder)]
    command += ['build', '-b', str(folder)]
    subprocess.run(command, cwd=REPO, check=True, capture_output=True)
    return folder / 'lib'


def test_configs_and_every_module_are_in_the_wheel(built):
    wanted = {p.relative_to(REPO / 'configs') for p in (REPO / 'configs').rglob('*.py')}
    got = {p.relative_to(built / 'mmseg_deeplab/_configs') for p in built.rglob('_configs/**/*.py')}
    assert wanted and wanted <= got
    files = (p for p in (REPO / 'mmseg_deeplab').rglob('*') if p.suffix in {'.py', '.csv'})
    assert {p.relative_to(REPO) for p in files} <= {p.relative_to(built) for p in built.rglob('*')}


def test_installed_package_finds_its_configs_by_name(built, tmp_path):
    code = (
        'from mmseg_deeplab.config import load_config; import mmseg_deeplab; '
        "cfg = load_config('deeplabv3plus_r50-d8_4xb4-80k_loveda-512x512'); "
        'print(mmseg_deeplab.__file__, cfg.model.backbone.depth)'
    )
    environment = {**os.environ, 'PYTHONPATH': str(built)}
    run = subprocess.run(
        [sys.executable, '-c', code],
        cwd=tmp_path, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    place, depth = run.stdout.split()
    assert place.startswith(str(built)) and depth == '50'


def test_every_requirement_has_a_bound_and_a_reason():
    for name in ('runtime', 'optional', 'fast', 'int8', 'tests'):
        lines = (REPO / 'requirements' / f'{name}.txt').read_text(encoding='utf-8').splitlines()
        listed = [line for line in lines if line and not line.startswith('#')]
        assert listed
        for line in listed:
            assert re.match(r'^[\w-]+[<>=~].+\s#\s.{10,}', line), f'{name}.txt: {line}'


def test_minimum_pins_are_the_lower_bounds():
    def pins(name: str, mark: str) -> dict[str, str]:
        text = (REPO / 'requirements' / f'{name}.txt').read_text(encoding='utf-8')
        return dict(re.findall(rf'^([\w-]+){mark}([\d.]+)', text, flags=re.MULTILINE))

    lowest = pins('runtime', '>=')
    assert len(lowest) >= 8
    for package, version in pins('minimum', '==').items():
        assert (version + '.').startswith(lowest[package].rstrip('.') + '.'), package
