"""Files of a few screens, documented public names, no argument tunnels."""

from __future__ import annotations

import ast
import subprocess
import sys

from .source import PACKAGE, REPO, package_files

LONGEST_FILE = 300
MOST_ARGUMENTS = 28  # ResNeSt: the original has as many, in two classes


def test_files_fit_on_a_few_screens():
    folders = ('mmseg_deeplab', 'configs', 'tools', 'tests', 'benchmarks')
    files = [path for folder in folders for path in (REPO / folder).rglob('*.py')]
    sizes = {
        str(path.relative_to(REPO)): len(path.read_text(encoding='utf-8').splitlines())
        for path in files
    }
    assert files and {name: n for name, n in sizes.items() if n > LONGEST_FILE} == {}


def public_definitions(tree: ast.Module):
    """Top-level public functions and classes, and the public methods of those classes."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith('_'):
            yield node, node.name
            for member in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(member, ast.FunctionDef) and not member.name.startswith('_'):
                    yield member, f'{node.name}.{member.name}'


def overrides_a_documented_method(node: ast.AST) -> bool:
    """Setters and overloads repeat a documented name."""
    decorators = {ast.unparse(d) for d in getattr(node, 'decorator_list', [])}
    return any(d.endswith('.setter') or d.endswith('overload') for d in decorators)


def test_public_names_are_documented():
    missing = [
        f'{path.relative_to(PACKAGE)}: {name}'
        for path, tree in package_files().items()
        for node, name in public_definitions(tree)
        if not ast.get_docstring(node) and not overrides_a_documented_method(node)
    ]
    assert missing == []


def test_registered_classes_take_explicit_arguments():
    """A misspelt argument must fail in the class that was named, not be swallowed."""
    wrong = []
    for path, tree in package_files().items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.ClassDef):
                continue
            registered = any('register_module' in ast.unparse(d) for d in node.decorator_list)
            for member in node.body:
                if isinstance(member, ast.FunctionDef) and member.name == '__init__':
                    arguments = member.args
                    count = len(arguments.args) + len(arguments.kwonlyargs) - 1
                    if registered and (arguments.kwarg or arguments.vararg):
                        wrong.append(f'{path.name}: {node.name} swallows arguments')
                    if count > MOST_ARGUMENTS:
                        wrong.append(f'{path.name}: {node.name} takes {count} arguments')
    assert wrong == []


def test_importing_the_package_is_free():
    """No torch, no files, no device: the names are imported when they are used."""
    code = (
        'import sys, builtins; import mmseg_deeplab; '
        "heavy = {'torch', 'cv2', 'mmcv', 'mmengine', 'matplotlib'} & set(sys.modules); "
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    run = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, cwd=REPO)
    assert run.returncode == 0, run.stderr


def test_no_workplace_traces():
    """Nothing in the repository speaks of a particular machine."""
    listed = subprocess.run(
        ['git', 'ls-files', '-coz', '--exclude-standard'],  # untracked ones as well
        capture_output=True,
        text=True,
        cwd=REPO,
        check=True,
    ).stdout.split('\0')
    traces = ('/'.join(['', 'work', '']), '/'.join(['', 'root', '']), 'file:///' + 'opt')
    wrong = []
    for name in listed:
        path = REPO / name
        if path.suffix in {'.png', '.jpg', '.npz'} or not path.is_file():
            continue
        text = path.read_text(encoding='utf-8', errors='replace')
        wrong += [f'{name}: {trace}' for trace in traces if trace in text]
    assert listed and wrong == []
