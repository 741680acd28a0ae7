"""The code blocks of README.md and docs/*.md, and what a reader is told about each.

The words behind the language on a block's opening fence say how it is run:

- none: in every run of the suite;
- ``slow``: by ``make test-all`` only;
- ``exit=N``: the last command of the block must end with that code;
- ``file=PATH``: the block is a file that the reader saves under that name;
- ``output``: a text block; each line was printed by the block before (``...`` is anything);
- ``not-run: REASON``: never run; the test is skipped with that reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
PAGES = [
    REPO / 'README.md',
    *sorted((REPO / 'docs').glob('*.md')),
    *sorted((REPO / 'docs' / 'systems').glob('*.md')),
]
GENERATED = {'status.md'}
RUN_LANGUAGES = ('bash', 'python')

_FENCE = re.compile(r'^(?P<marks>`{3,})(?P<info>[^`]*)$')


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Attributes:
        page: The file.
        line: Of the opening fence, from 1.
        language: The first word behind the fence, or ''.
        options: The words after it.
        code: The lines between the fences.
    """

    page: Path
    line: int
    language: str
    options: str
    code: str

    @property
    def place(self) -> str:
        """``page.md:line``, for messages and test names."""
        return f'{self.page.name}:{self.line}'

    @property
    def not_run(self) -> str | None:
        """Why the block is never run, or None."""
        marker, _, reason = self.options.partition(':')
        return reason.strip() if marker == 'not-run' else None

    @property
    def slow(self) -> bool:
        """Whether only ``make test-all`` runs it."""
        return 'slow' in self.options.split() and self.not_run is None

    @property
    def is_output(self) -> bool:
        """Whether it shows what the block before prints."""
        return self.language == 'text' and 'output' in self.options.split()

    @property
    def is_step(self) -> bool:
        """Whether something is done with it: run, saved, or compared."""
        known = self.language in RUN_LANGUAGES or self.file is not None or self.is_output
        return known and self.not_run is None

    @property
    def file(self) -> str | None:
        """The name under which the reader saves the block."""
        return self._option('file')

    @property
    def exit_code(self) -> int:
        """The code that the block's commands end with."""
        return int(self._option('exit') or 0)

    def _option(self, name: str) -> str | None:
        if self.not_run is not None:
            return None
        found = [w.removeprefix(f'{name}=') for w in self.options.split() if w.startswith(name)]
        return found[0] if found else None


def blocks_of(page: Path) -> list[Block]:
    """All fenced blocks of a page, in order."""
    found: list[Block] = []
    opening: tuple[str, int, str] | None = None
    code: list[str] = []
    for number, line in enumerate(page.read_text(encoding='utf-8').splitlines(), start=1):
        fence = _FENCE.match(line)
        if opening is None and fence:
            opening, code = (fence['marks'], number, fence['info'].strip()), []
        elif opening is not None and line.strip() == opening[0]:
            language, _, options = opening[2].partition(' ')
            found.append(Block(page, opening[1], language, options.strip(), '\n'.join(code)))
            opening = None
        elif opening is not None:
            code.append(line)
    if opening is not None:
        raise ValueError(f'{page.name}:{opening[1]}: the block is not closed')
    return found


def all_blocks() -> list[Block]:
    """The blocks of all pages that are written by hand."""
    return [b for page in PAGES if page.name not in GENERATED for b in blocks_of(page)]


def anchors(page: Path) -> set[str]:
    """The link targets that a page's headings make."""
    found = set()
    fenced = False
    for line in page.read_text(encoding='utf-8').splitlines():
        fenced ^= line.startswith('```')
        if line.startswith('#') and not fenced:
            words = re.sub(r'[^\w\- ]', '', line.lstrip('#').strip().lower())
            found.add(words.replace(' ', '-'))
    return found
