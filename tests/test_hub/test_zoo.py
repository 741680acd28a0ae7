"""The generated tables: up to date, and one with the configs that exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mmseg_deeplab.hub import catalogue

REPO = Path(__file__).resolve().parents[2]
INDEX = yaml.safe_load((REPO / 'model-index.yml').read_text(encoding='utf-8'))['Import']
ROWS = {row.config: row for row in catalogue() if row.kind == 'model'}


def test_generated_files_are_current():
    run = subprocess.run(
        [sys.executable, 'tools/make_zoo.py', '--check'],
        capture_output=True, text=True, cwd=REPO,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr


def entries(metafile: str) -> list[dict]:
    return yaml.safe_load((REPO / metafile).read_text(encoding='utf-8'))['Models']


def test_index_has_every_family():
    folders = {path.parent.name for path in (REPO / 'configs').glob('*/*.py')}
    folders.remove('_base_')
    assert {f'configs/{folder}/metafile.yaml' for folder in folders} == set(INDEX)
    files = [yaml.safe_load((REPO / path).read_text(encoding='utf-8')) for path in INDEX]
    collections = {entry['Name'] for file in files for entry in file.get('Collections', [])}
    assert {entry['In Collection'] for file in files for entry in file['Models']} == collections


@pytest.mark.parametrize('metafile', INDEX)
def test_metafile_says_what_the_catalogue_says(metafile):
    names = [entry['Name'] for entry in entries(metafile)]
    assert names and len(names) == len(set(names))
    for entry in entries(metafile):
        row = ROWS[entry['Name']]
        assert (REPO / entry['Config']).is_file() and Path(entry['Config']).stem == entry['Name']
        assert entry.get('Weights', '') == row.url
        assert entry.get('Training log', '') == row.log_url
        scores = [row.miou, row.miou_ms_flip, row.mdice, row.dice]
        assert list(entry['Results']['Metrics'].values()) == [float(s) for s in scores if s]
        told = entry['Metadata']
        assert told.get('Memory (GB)', 0) == float(row.memory_gb or 0)
        assert told.get('Inference Speed (fps)', 0) == float(row.fps or 0)
        assert 'not reproduced here' in told['Scores'] and row.source in told['Scores']


@pytest.mark.parametrize('metafile', INDEX)
def test_readme_has_a_line_for_each_config(metafile):
    folder = (REPO / metafile).parent
    text = (folder / 'README.md').read_text(encoding='utf-8')
    assert 'not reproduced here' in text
    linked = re.findall(r'\]\(([\w.-]+)\.py\)', text)
    assert sorted(linked) == sorted(path.stem for path in folder.glob('*.py'))
    lines = {re.search(r'\(([\w.-]+)\.py\)', line)[1]: line for line in text.splitlines()
             if line.startswith('| ') and '.py)' in line}  # fmt: skip
    for name, line in lines.items():
        row = ROWS[name]
        cells = [cell.strip() for cell in line.strip('|').split(' | ')]
        scores = [row.mdice, row.dice] if row.mdice else [row.miou, row.miou_ms_flip]
        wanted = [row.method, row.backbone, row.crop, row.iters, row.memory_gb, row.fps, *scores]
        assert cells[:8] == [value or '-' for value in wanted]
        assert row.url in cells[9] if row.url else cells[9] == 'no published checkpoint'
