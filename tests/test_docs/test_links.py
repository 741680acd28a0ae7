"""Nothing in the docs points to something that is not there."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.test_docs.blocks import PAGES, REPO, all_blocks, anchors, blocks_of

ALL_PAGES = [*PAGES, REPO / 'CONTRIBUTING.md', REPO / 'CHANGELOG.md']
LINK = re.compile(r'!?\[[^\]]*\]\(([^)\s]+)\)')
PATH = re.compile(
    r'`((?:tests|tools|configs|docs|mmseg_deeplab|benchmarks|requirements)/[\w./*{},-]*)`'
)
UNFINISHED = re.compile(r'<!--|\bTODO\b|\bTBD\b|\bFIXME\b|\bXXX\b|\?\?\?|NN\.NN.*table', re.I)


def _text(page) -> str:
    """A page without its code blocks."""
    return re.sub(r'^```.*?^```$', '', page.read_text(encoding='utf-8'), flags=re.S | re.M)


@pytest.mark.parametrize('page', ALL_PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    wrong = []
    for target in LINK.findall(_text(page)):
        if re.match(r'[a-z]+:', target):
            continue
        name, _, anchor = target.partition('#')
        path = (page.parent / name).resolve() if name else page
        if not path.exists():
            wrong.append(target)
        elif anchor and anchor not in anchors(path):
            wrong.append(f'{target}: no such heading')
    assert wrong == []


@pytest.mark.parametrize('page', ALL_PAGES, ids=lambda page: page.name)
def test_named_files_exist(page):
    """A path in code marks is a path of the repository; the result tables name tests so."""
    named = {path.rstrip('.') for path in PATH.findall(_text(page))}
    named -= {block.file for block in blocks_of(page)}  # the reader makes these
    assert sorted(path for path in named if not list(REPO.glob(path.rstrip('/')))) == []


@pytest.mark.parametrize('page', ALL_PAGES, ids=lambda page: page.name)
def test_page_is_finished(page):
    assert UNFINISHED.findall(_text(page)) == []


def test_every_page_can_be_reached_from_the_readme():
    reached, todo = set(), [REPO / 'README.md']
    while todo:
        page = todo.pop()
        if page in reached or page.suffix != '.md' or not page.is_file():
            continue
        reached.add(page)
        names = (target.partition('#')[0] for target in LINK.findall(_text(page)))
        todo += [(page.parent / name).resolve() for name in names if name]
    assert [page.name for page in PAGES if page not in reached] == []


def test_options_in_the_docs_exist():
    """Also those of the blocks that are not run."""
    from mmseg_deeplab.cli.main import build_parser

    parser = build_parser()
    wrong = []
    for block in all_blocks():
        if block.language != 'bash':
            continue
        for line in block.code.replace('\\\n', ' ').splitlines():
            command = re.search(r'(?:mmseg-deeplab |tools/(?:dist_|slurm_)?)(\w+)', line)
            known = _options(parser, command[1]) if command else None
            if known is not None:
                used = re.findall(r'(?<=\s)--[a-z][\w-]*', line[command.end() :])
                wrong += [f'{block.place}: {o}' for o in used if o not in known]
    assert wrong == []


def _options(parser, command: str) -> set[str] | None:
    """The options of a subcommand; None if there is no such one."""
    name = command.removesuffix('_dataset')
    for action in parser._subparsers._group_actions:
        if name in action.choices:
            return _all_options(action.choices[name])
    return None


def _all_options(parser) -> set[str]:
    """Its own options, and those of commands within it."""
    inner = parser._subparsers._group_actions if parser._subparsers else []
    below = [_all_options(choice) for action in inner for choice in action.choices.values()]
    return set(parser._option_string_actions).union(*below)


@pytest.mark.parametrize('script', ['tools/make_api.py', 'docs/figures/draw.py'])
def test_generated_files_are_current(script):
    run = subprocess.run(
        [sys.executable, script, '--check'], capture_output=True, text=True, cwd=REPO
    )
    assert run.returncode == 0, run.stdout + run.stderr
