"""Imports only point down, and what must not be imported is not."""

from __future__ import annotations

import pytest

from .source import PACKAGE, imported_modules, package_files

LEVELS = {
    'version': 0,
    'utils': 0,
    'registry': 0,
    'structures': 1,
    'inference': 1,
    'config': 1,
    'hub': 1,
    'datasets': 2,
    'models': 2,
    'evaluation': 2,
    'visualization': 2,
    'engine': 3,
    'apis': 4,
    'cli': 5,
}
# engine draws pictures of predictions; of level 2 it may use nothing else
ENGINE_MAY_USE = {'visualization'}
FORBIDDEN = ('mmcv.ops', 'torchvision', 'timm', 'mmseg')


def upward_imports(folder: str, module: str) -> bool:
    """Whether an import of ``module`` from a file in ``folder`` points up or sideways."""
    other = module.split('.')[1] if '.' in module else 'version'
    if other == folder or folder == '__init__':
        return False
    if folder == 'engine' and LEVELS[other] == 2:
        return other not in ENGINE_MAY_USE
    if folder == 'registry':
        return other != 'utils'
    return LEVELS[other] >= LEVELS[folder]


def test_every_folder_has_a_level():
    folders = {path.name for path in PACKAGE.iterdir() if (path / '__init__.py').is_file()}
    assert folders == set(LEVELS) - {'version'}


@pytest.mark.parametrize(
    ('folder', 'module', 'wrong'),
    [
        ('models', 'mmseg_deeplab.datasets.palette', True),
        ('engine', 'mmseg_deeplab.models', True),
        ('engine', 'mmseg_deeplab.visualization.panels', False),
        ('apis', 'mmseg_deeplab.engine', False),
        ('utils', 'mmseg_deeplab.registry', True),
    ],
)
def test_the_rule_itself(folder, module, wrong):
    assert upward_imports(folder, module) is wrong


def test_imports_only_point_down():
    wrong = []
    for path, tree in package_files().items():
        folder = path.relative_to(PACKAGE).parts[0].removesuffix('.py')
        for module, line in imported_modules(tree):
            if module.split('.')[0] == 'mmseg_deeplab' and upward_imports(folder, module):
                wrong.append(f'{path.relative_to(PACKAGE)}:{line} imports {module}')
    assert package_files() and wrong == []


def test_forbidden_packages_are_not_imported():
    wrong = [
        f'{path.relative_to(PACKAGE)}:{line} imports {module}'
        for path, tree in package_files().items()
        for module, line in imported_modules(tree)
        if any(module == name or module.startswith(f'{name}.') for name in FORBIDDEN)
    ]
    assert wrong == []
