"""Reading the config that a checkpoint carries as text, without running it."""

from __future__ import annotations

import ast
from typing import Any


def read_config_text(text: str) -> dict[str, Any]:
    """The top-level settings of a config's text, as far as they are plain values.

    The text that MMEngine and MMCV write into a checkpoint is Python: assignments of numbers,
    text, lists and ``dict(...)`` calls. Such values are read from the syntax tree; anything else
    is left out, and nothing is executed.

    Args:
        text: The config.

    Returns:
        Names to values; empty where the text is no Python.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    found = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                found[node.targets[0].id] = _value(node.value)
            except (ValueError, TypeError, RecursionError):
                continue
    return found


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.List):
        return [_value(item) for item in node.elts]
    if isinstance(node, ast.Tuple):
        return tuple(_value(item) for item in node.elts)
    if isinstance(node, ast.Dict) and None not in node.keys:
        return {_value(k): _value(v) for k, v in zip(node.keys, node.values, strict=True)}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == 'dict':
        if node.args or any(keyword.arg is None for keyword in node.keywords):
            raise ValueError('dict(...) of something that is not written out')
        return {keyword.arg: _value(keyword.value) for keyword in node.keywords}
    return ast.literal_eval(node)
