"""What the docs tell a reader to do is done, block by block, and does what they say."""

from __future__ import annotations

import pytest

from tests.test_docs.blocks import GENERATED, PAGES, all_blocks, blocks_of
from tests.test_docs.data import draw_data
from tests.test_docs.workshop import Workshop

BLOCKS = all_blocks()
WRITTEN = [page for page in PAGES if page.name not in GENERATED]
# followed by `make test-all` alone: each takes 5 to 25 s
LONG = {
    'bad_input.md', 'checkpoints.md', 'configs.md', 'crf.md', 'demo.md', 'detectron2.md',
    'download.md', 'get_started.md',
}  # fmt: skip


def _pages(*, slow: bool) -> list:
    """Pages with something to do in this run; the long run follows pages with slow blocks whole."""
    steps = {page: [block for block in blocks_of(page) if block.is_step] for page in WRITTEN}
    chosen = [
        page
        for page, blocks in steps.items()
        if any((block.slow or page.name in LONG) == slow for block in blocks)
    ]
    return [pytest.param(page, id=page.name) for page in chosen]


def _follow(page, folder, *, slow: bool) -> None:
    draw_data(folder / 'data')
    workshop = Workshop(folder)
    skipping = False  # the output of a slow block is not there to be compared
    for block in (block for block in blocks_of(page) if block.is_step):
        skipping = (skipping and block.is_output) or (block.slow and not slow)
        if not skipping:
            workshop.follow(block)


@pytest.mark.parametrize('page', _pages(slow=False))
def test_page_can_be_followed(page, tmp_path):
    _follow(page, tmp_path, slow=False)


@pytest.mark.slow
@pytest.mark.parametrize('page', _pages(slow=True))
def test_page_can_be_followed_with_its_long_commands(page, tmp_path):
    _follow(page, tmp_path, slow=True)


@pytest.mark.parametrize(
    'block', [pytest.param(b, id=b.place) for b in BLOCKS if b.not_run is not None]
)
def test_block_that_is_not_run(block):
    assert len(block.not_run.split()) >= 2, f'{block.place}: say why it is not run'
    pytest.skip(f'docs, {block.place}: {block.not_run}')


def test_every_shell_and_python_block_is_accounted_for():
    """No fence whose options are misspelt, so that a block silently falls out."""
    known = {'slow', 'output', ''}
    wrong = [
        f'{block.place}: {word}'
        for block in BLOCKS
        if block.not_run is None
        for word in block.options.split()
        if word not in known and not word.startswith(('file=', 'exit='))
    ]
    languages = {block.language for block in BLOCKS}
    assert BLOCKS and wrong == []
    assert languages <= {'bash', 'python', 'text', 'json', 'bibtex'}
