"""Compare each DeepLab config with MMSegmentation's own, resolved and built; say why they differ.

Usage: python benchmarks/zoo_compare/compare.py --peer PYTHON [--only WORDS] [--json FILE]

PYTHON is an interpreter with MMSegmentation 1.2.2 (its configs come with it) and mmcv-lite or mmcv.
Compared are all settings with the defaults of the classes that they name, the keys and shapes of
the state dict, the groups of parameters, and each data set's classes, palette, suffixes and places.
Each difference is printed once, with its reason and the number of configs that have it. A
difference without a reason, and a config that fails, make the exit status 1.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from reasons import ABSENT, reason_for

from mmseg_deeplab.config import find_config

HERE = Path(__file__).parent
FAMILIES = ('deeplabv3', 'deeplabv3plus', 'mobilenet_v2', 'resnest', 'unet')
ASK = 'import mmseg, os; print(os.path.join(os.path.dirname(mmseg.__file__), ".mim", "configs"))'


class Difference(NamedTuple):
    """One place at which two configs differ."""

    place: str
    ours: Any
    theirs: Any


def peer_configs(root: Path, only: str = '') -> list[Path]:
    """The original's DeepLab configs, those of other backbones included."""
    found = [path for family in FAMILIES for path in sorted((root / family).glob('*deeplabv3*.py'))]
    return [path for path in found if only in path.stem]


def compare(ours: dict[str, Any], theirs: dict[str, Any]) -> Iterator[Difference]:
    """All places at which two descriptions of one config differ.

    Args:
        ours: As ``dump.describe`` gives it.
        theirs: The same of the original.
    """
    for part in ('settings', 'state_dict', 'groups', 'datasets'):
        yield from _differences(ours[part], theirs[part], part)
    for part in ('parts', 'pipelines'):
        yield from _differences(ours[part], theirs[part], part, shared=True)


def _differences(ours: Any, theirs: Any, place: str, shared: bool = False) -> Iterator[Difference]:
    """Walk two values; with ``shared``, only the keys that both have count (attributes)."""
    if _is_object(ours) and _is_object(theirs):
        yield from _of_objects(ours, theirs, place)
    elif isinstance(ours, dict) and isinstance(theirs, dict):
        keys = set(ours) & set(theirs) if shared else set(ours) | set(theirs)
        for key in sorted(keys):
            values = ours.get(key, ABSENT), theirs.get(key, ABSENT)
            yield from _differences(*values, f'{place}.{key}', shared)
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, pair in enumerate(zip(ours, theirs, strict=True)):
            yield from _differences(*pair, f'{place}.{number}', shared)
    elif ours != theirs:
        yield Difference(place, ours, theirs)


def _of_objects(ours: dict, theirs: dict, place: str) -> Iterator[Difference]:
    """Arguments that either gives, and defaults that both have; a default stands for a gap."""
    given = set(ours['given']) | set(theirs['given'])
    both = set(ours['defaults']) & set(theirs['defaults'])
    for key in sorted(given | both):
        values = [
            side['given'].get(key, side['defaults'].get(key, ABSENT)) for side in (ours, theirs)
        ]
        yield from _differences(*values, f'{place}.{key}')


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {'given', 'defaults'}


def dump(python: str, package: str, paths: list[Path]) -> dict[str, Any]:
    """What the configs mean to a package, found out in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / f'{package}.json'
        command = [python, str(HERE / 'dump.py'), package, str(out), *map(str, paths)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return json.loads(out.read_text(encoding='utf-8'))


def main() -> int:
    """Print the table; 1 if something is unexplained."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--peer', required=True, help="the original's interpreter")
    parser.add_argument('--only', default='', help='a part of the names to compare')
    parser.add_argument('--json', type=Path, help='write all differences to this file')
    arguments = parser.parse_args()
    asked = subprocess.run([arguments.peer, '-c', ASK], check=True, capture_output=True, text=True)
    paths = peer_configs(Path(asked.stdout.strip()), arguments.only)
    theirs = dump(arguments.peer, 'mmseg', paths)
    ours = dump(sys.executable, 'mmseg_deeplab', [find_config(path.stem) for path in paths])
    failed, found, counts = [], defaultdict(list), defaultdict(int)
    for path in paths:
        name, family = path.stem, path.parent.name
        errors = [side[name]['error'] for side in (ours, theirs) if 'error' in side[name]]
        failed += [f'{name}: {error}' for error in errors]
        differences = [] if errors else list(compare(ours[name], theirs[name]))
        for difference in differences:
            found[json.dumps((reason_for(name, *difference), *difference))].append(name)
        counts[family] += not errors
    return report(failed, found, counts, arguments.json)


def report(
    failed: list[str], found: dict[str, list[str]], counts: dict[str, int], target: Path | None
) -> int:
    """Print failures, differences by reason, and counts; 1 if something is unexplained."""
    rows = [(*json.loads(key), names) for key, names in found.items()]
    reasons = sorted({row[0] or '' for row in rows})
    for reason in reasons:
        print(f'\n{reason or "UNEXPLAINED"}')
        for _, place, ours, theirs, names in (row for row in rows if (row[0] or '') == reason):
            text = f'{short(ours)} for {short(theirs)}'
            where = names[0] if len(names) == 1 else f'{len(names)} configs'
            print(f'    {place}: {text} ({where})')
    for line in failed:
        print(f'FAILED {line}')
    for family, count in counts.items():
        print(f'{family}: {count} compared')
    unexplained = sum(len(row[-1]) for row in rows if row[0] is None)
    explained = sum(len(row[-1]) for row in rows) - unexplained
    print(f'together: {sum(counts.values())} compared, {len(failed)} failed; ', end='')
    print(f'{explained} differences with a reason, {unexplained} without')
    if target:
        keys = ('reason', 'place', 'ours', 'theirs', 'configs')
        target.write_text(json.dumps([dict(zip(keys, row, strict=True)) for row in rows]), 'utf-8')
    return 1 if failed or unexplained or not counts else 0


def short(value: Any) -> str:
    """A value on one line."""
    text = json.dumps(value['given'] if _is_object(value) else value)
    return text if len(text) <= 60 else f'{text[:57]}...'


if __name__ == '__main__':
    sys.exit(main())
