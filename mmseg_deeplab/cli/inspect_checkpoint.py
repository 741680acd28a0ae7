"""Show what is inside a checkpoint file, without running code from it."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``inspect``."""
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--keys', action='store_true', help='list every entry with its shape')
    parser.add_argument('--json', action='store_true', help='print everything as JSON')


def run(arguments: argparse.Namespace) -> int:
    """Inspect; returns 1 for a file that cannot be loaded safely."""
    import json

    from mmseg_deeplab.apis import inspect_checkpoint
    from mmseg_deeplab.apis.inspection import describe

    found = inspect_checkpoint(arguments.checkpoint)
    if arguments.json:
        print(json.dumps(found, indent=2, ensure_ascii=False, default=str))
    else:
        print('\n'.join(describe(found, keys=arguments.keys)))
    return 0 if found['loads'] else 1
