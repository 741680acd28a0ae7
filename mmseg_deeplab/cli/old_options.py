"""Options that scripts written for MMSegmentation 0.x pass: done, with a line on today's form.

They are not in the help texts; docs/foreign_configs.md lists them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

from mmseg_deeplab.cli.arguments import ConfigOption

Translate = Callable[[argparse.ArgumentParser, argparse.Namespace, Any], str]

NO_VALIDATION = {
    'val_cfg': None,
    'val_dataloader': None,
    'val_evaluator': None,
    'default_hooks.checkpoint.save_best': None,  # there will be no score
}


class OldOption(argparse.Action):
    """Puts what an old option means where today's options are kept, and says so.

    Args:
        translate: Given the parser, the namespace to change and the option's value; returns the
            rest of the sentence that begins with the option's name.
        settings: Of ``argparse.Action``.
    """

    def __init__(self, *, translate: Translate, **settings: Any) -> None:
        super().__init__(**{**settings, 'default': argparse.SUPPRESS, 'help': argparse.SUPPRESS})
        self._translate = translate

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Called by argparse."""
        print(f'note: {option_string} {self._translate(parser, namespace, values)}',
              file=sys.stderr)  # fmt: skip


def add_old_train_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of 0.x's ``tools/train.py``."""
    _add_shared(parser)
    _add(parser, ['--gpus'], _gpus, type=int)
    _add(parser, ['--gpu-ids'], _gpu_ids, type=int, nargs='+')
    _add(parser, ['--resume-from'], _resume_from)
    _add(parser, ['--auto-resume'], _auto_resume, nargs=0)
    _add(parser, ['--no-validate'], _setting(NO_VALIDATION), nargs=0)
    _add(parser, ['--deterministic'], _setting({'randomness.deterministic': True}), nargs=0)
    _add(parser, ['--diff-seed', '--diff_seed'],
         _setting({'randomness.diff_rank_seed': True}), nargs=0)  # fmt: skip


def add_old_test_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of 0.x's ``tools/test.py``."""
    _add_shared(parser)
    _add(parser, ['--eval'], _eval, nargs='+')
    _add(parser, ['--eval-options'], _eval_options, nargs='+')
    _add(parser, ['--format-only'], _format_only, nargs=0)
    _add(parser, ['--opacity'], _opacity, type=float)
    _add(parser, ['--gpu-collect'], _nothing('only counts are collected now'), nargs=0)
    _add(parser, ['--tmpdir'], _nothing('only counts are collected now'))


def folder(text: str) -> str:
    """The value of ``--out``, which was a pickle file in 0.x.

    Raises:
        argparse.ArgumentTypeError: It names such a file.
    """
    if text.endswith(('.pkl', '.pickle')):
        raise argparse.ArgumentTypeError(
            f'{text} is a file of 0.x; name a folder, in which each label map becomes a PNG'
        )
    return text


def _add_shared(parser: argparse.ArgumentParser) -> None:
    _add(parser, ['--options'], _options, nargs='+')
    _add(parser, ['--gpu-id'], _gpu_id, type=int)


def _add(
    parser: argparse.ArgumentParser, names: Sequence[str], translate: Translate, **settings: Any
) -> None:
    parser.add_argument(*names, action=OldOption, translate=translate, **settings)


def _set(namespace: argparse.Namespace, options: dict[str, Any]) -> str:
    namespace.cfg_options = {**(namespace.cfg_options or {}), **options}
    words = ' '.join(f'{key}={value}' for key, value in options.items())
    return f'is --cfg-options {words} today'


def _setting(options: dict[str, Any]) -> Translate:
    """An option that only sets these places of the config."""
    return lambda parser, namespace, value: _set(namespace, options)


def _nothing(reason: str) -> Translate:
    return lambda parser, namespace, value: f'has no effect: {reason}'


def _options(parser: Any, namespace: argparse.Namespace, words: Sequence[str]) -> str:
    collect = ConfigOption(['--options'], 'cfg_options', nargs='+')
    collect(parser, namespace, words, '--options')
    return 'is --cfg-options today'


def _gpu_id(parser: Any, namespace: argparse.Namespace, number: int) -> str:
    namespace.device = f'cuda:{number}'
    return f'is --device cuda:{number} today'


def _gpu_ids(parser: Any, namespace: argparse.Namespace, numbers: Sequence[int]) -> str:
    if len(numbers) > 1:
        parser.error(f'--gpu-ids: start {len(numbers)} processes with tools/dist_train.sh')
    return _gpu_id(parser, namespace, numbers[0])


def _gpus(parser: Any, namespace: argparse.Namespace, count: int) -> str:
    if count > 1:
        parser.error(f'--gpus: start {count} processes with tools/dist_train.sh')
    return 'has no effect: one process uses one GPU'


def _resume_from(parser: Any, namespace: argparse.Namespace, path: str) -> str:
    namespace.resume = path
    return f'is --resume {path} today'


def _auto_resume(parser: Any, namespace: argparse.Namespace, value: Any) -> str:
    namespace.resume = True
    return 'is --resume today'


def _eval(parser: Any, namespace: argparse.Namespace, names: Sequence[str]) -> str:
    return _set(namespace, {'test_evaluator.iou_metrics': list(names)})


def _eval_options(parser: Any, namespace: argparse.Namespace, words: Sequence[str]) -> str:
    given = dict(word.partition('=')[::2] for word in words)
    if 'imgfile_prefix' not in given:
        return 'has no effect: scores are counted as images come'
    return _set(namespace, {'test_evaluator.output_dir': given['imgfile_prefix']})


def _format_only(parser: Any, namespace: argparse.Namespace, value: Any) -> str:
    from mmseg_deeplab.config.legacy.convert import RESULTS

    place = (namespace.cfg_options or {}).get('test_evaluator.output_dir', RESULTS)
    return _set(namespace, {'test_evaluator.format_only': True, 'test_evaluator.output_dir': place})


def _opacity(parser: Any, namespace: argparse.Namespace, value: float) -> str:
    return _set(namespace, {'visualizer.alpha': value})
