"""Bad input: one message that names the file and what to do, exit code 1, nothing lost."""

from __future__ import annotations

import errno
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from mmseg_deeplab.cli import main

from .project import Project, fingerprints

Spoiler = Callable[[Project], list[str]]


def cut(path: Path, share: float = 0.6) -> None:
    """Leave the first part of a file."""
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


def images(project: Project) -> list[Path]:
    """The image files of the training split."""
    return sorted((project.data / 'img_dir' / 'train').iterdir())


def lost(project: Project, before: dict[str, str]) -> set[str]:
    """The files that were there ``before`` and have changed or gone.

    ``work/config.py`` and ``work/log.jsonl`` are those of the newest run by design; each run
    keeps its own copies in a folder named after its time.
    """
    after = fingerprints(project.folder)
    changed = {name for name in before if after.get(name) != before[name]}
    return changed - {'work/config.py', 'work/log.jsonl'}


# --- each returns the words of a command that must fail ------------------------------------


def no_data_root(project):
    shutil.move(project.data, project.folder / 'elsewhere')
    return project.train()


def empty_folder(project):
    for path in images(project):
        path.unlink()
    return project.train()


def truncated_png(project):
    cut(project.image(number=1))
    return project.train()


def truncated_mask(project):
    cut(project.mask(number=1), 0.8)
    return project.train()


def truncated_jpeg(project):
    for path in images(project):
        Image.open(path).convert('RGB').resize((200, 200)).save(path.with_suffix('.jpg'))
        path.unlink()
    for number in range(4):
        mask = cv2.imread(str(project.mask(number=number)), cv2.IMREAD_UNCHANGED)
        large = cv2.resize(mask, (200, 200), interpolation=cv2.INTER_NEAREST)
        cv2.imwrite(str(project.mask(number=number)), large)
    cut(project.image(number=1).with_suffix('.jpg'))
    return project.train('--cfg-options', 'train_dataloader.dataset.img_suffix=.jpg')


def other_size(project):
    cv2.imwrite(str(project.mask(number=1)), np.ones((30, 40), np.uint8))
    return project.train()


def label_200(project):
    mask = np.ones((40, 40), np.uint8)
    mask[30, 20:25] = 200
    cv2.imwrite(str(project.mask(number=1)), mask)
    return project.train()


def label_200_in_test(project):
    mask = np.ones((40, 40), np.uint8)
    mask[30, 20:25] = 200
    cv2.imwrite(str(project.mask('val', 4)), mask)
    return project.test()


def cmyk(project):
    image = Image.open(project.image(number=1)).convert('CMYK')
    image.save(project.image(number=1), format='JPEG')
    return project.train()


def stride_above_window(project):
    return project.test(
        '--cfg-options', 'model.test_cfg.mode=slide', 'model.test_cfg.crop_size=(32,32)',
        'model.test_cfg.stride=(33,32)',
    )  # fmt: skip


def config_typo(project):
    text = project.config.read_text(encoding='utf-8')
    project.config.write_text(text.replace('num_convs=1', 'num_conv=1'), encoding='utf-8')
    return project.train()


def config_cycle(project):
    (project.folder / 'other.py').write_text("_base_ = './config.py'\n", encoding='utf-8')
    project.config.write_text("_base_ = './other.py'\n", encoding='utf-8')
    return project.train()


def config_without_base(project):
    project.config.write_text("_base_ = './gone.py'\n", encoding='utf-8')
    return project.train()


def other_class_count(project):
    text = project.config.read_text(encoding='utf-8')
    text = text.replace('num_classes=7', 'num_classes=5').replace(
        "type='LoveDADataset'",
        "type='LoveDADataset', metainfo=dict(classes=('background', 'building', 'road', "
        "'water', 'barren'))",
    )
    project.config.write_text(text, encoding='utf-8')
    return project.test()


def other_architecture(project):
    return project.test('--cfg-options', 'model.backbone.depth=34')


def truncated_checkpoint(project):
    cut(project.checkpoint)
    return project.test()


class Malicious:
    """Runs a command when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return os.system, (f'touch {self.target}',)


def malicious_checkpoint(project):
    content = {'state_dict': {}, 'meta': Malicious(project.folder / 'pwned')}
    torch.save(content, project.checkpoint)
    return project.test()


def malicious_plain_pickle(project):
    project.checkpoint.write_bytes(pickle.dumps(Malicious(project.folder / 'pwned'), protocol=2))
    return project.test()


def no_checkpoint(project):
    project.checkpoint.unlink()
    return project.test()


def resume_from_truncated(project):
    cut(project.checkpoint)
    return project.train('--resume', str(project.checkpoint))


def no_such_device(project):
    return project.train('--device', 'cuda:7')


# spoiler, texts that the message must hold
CASES: list[tuple[Spoiler, tuple[str, ...]]] = [
    (no_data_root, ('/data', 'data_root')),
    (empty_folder, ('img_dir/train', '.png')),
    (truncated_png, ('img_dir/train/1.png', 'truncated')),
    (truncated_mask, ('ann_dir/train/1.png', 'truncated')),
    (truncated_jpeg, ('img_dir/train/1.jpg', 'truncated')),
    (other_size, ('ann_dir/train/1.png', '30', '40')),
    (label_200, ('ann_dir/train/1.png', '200 (5 pixels)')),
    (label_200_in_test, ('ann_dir/val/4.png', '200 (5 pixels)')),
    (cmyk, ('img_dir/train/1.png', 'CMYK', 'RGB')),
    (stride_above_window, ('model.test_cfg.stride', 'crop_size')),
    (config_typo, ('model.auxiliary_head.num_conv', 'num_convs', 'config.py')),
    (config_cycle, ('config.py', 'other.py', 'circle')),
    (config_without_base, ('gone.py', 'config.py', 'does not exist')),
    (other_class_count, ('iter_4.pth', '7', '5')),
    (other_architecture, ('iter_4.pth',)),
    (truncated_checkpoint, ('iter_4.pth', 'truncated')),
    (malicious_checkpoint, ('iter_4.pth',)),
    (malicious_plain_pickle, ('iter_4.pth',)),
    (no_checkpoint, ('iter_4.pth', 'check the path')),
    (resume_from_truncated, ('iter_4.pth', 'truncated')),
    (no_such_device, ('cuda:7',)),
]
DATA_CASES = {
    'no_data_root', 'empty_folder', 'truncated_png', 'truncated_mask', 'truncated_jpeg',
    'other_size', 'label_200', 'cmyk',
}  # fmt: skip


def runs() -> list:
    """Each case; those of the training data both with the audit and without it."""
    params = []
    for spoiler, texts in CASES:
        name = spoiler.__name__
        params.append(pytest.param(spoiler, texts, (), id=name))
        if name in DATA_CASES:
            params.append(pytest.param(spoiler, texts, ('--no-audit',), id=f'{name}-no-audit'))
    return params


@pytest.mark.parametrize(('spoil', 'texts', 'more'), runs())
def test_bad_input(project, capsys, spoil, texts, more):
    words = [*spoil(project), *more]
    before = fingerprints(project.folder)
    capsys.readouterr()
    code = main(words)
    message = capsys.readouterr().err
    assert code == 1, message
    assert message.count('error: ') == 1 and 'Traceback' not in message
    for text in texts:
        assert text in message, message
    assert lost(project, before) == set()
    assert not (project.folder / 'pwned').exists()


def test_disk_full_keeps_the_previous_checkpoint(project, capsys, monkeypatch):
    """The third checkpoint of a resumed run finds no room; the first two stay whole."""
    kept = {name: h for name, h in fingerprints(project.work).items() if name.endswith('.pth')}
    real = torch.save

    def full(content, file, *arguments, **named):
        real(content, file, *arguments, **named)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(torch, 'save', full)
    longer = ['train_cfg.max_iters=8', 'train_cfg.val_interval=8', 'param_scheduler.0.end=8']
    code = main(project.train('--resume', '--no-audit', '--cfg-options', *longer))
    message = capsys.readouterr().err
    assert code == 1 and 'iter_6.pth' in message and 'No space left' in message
    now = fingerprints(project.work)
    assert {name: now[name] for name in kept} == kept
    assert [name for name in now if 'iter_6' in name] == []
    monkeypatch.undo()
    assert main(project.train('--resume', '--no-audit', '--cfg-options', *longer)) == 0
    assert (project.work / 'iter_8.pth').is_file()


KILLER = """\
import os, signal
from mmcv.transforms import BaseTransform
from mmseg_deeplab.registry import TRANSFORMS

@TRANSFORMS.register_module(force=True)
class KillsItsWorker(BaseTransform):
    def transform(self, results):
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_loader_worker_that_dies(project, capsys, monkeypatch):
    (project.folder / 'killer_module.py').write_text(KILLER, encoding='utf-8')
    monkeypatch.syspath_prepend(project.folder)
    text = project.config.read_text(encoding='utf-8')
    text += (
        "custom_imports = dict(imports=['killer_module'])\n"
        "train_pipeline.insert(2, dict(type='KillsItsWorker'))\n"
    )
    project.config.write_text(text, encoding='utf-8')
    before = fingerprints(project.folder)
    options = ('--no-audit', '--cfg-options', 'train_dataloader.num_workers=1')
    code = main(project.train(*options))
    message = capsys.readouterr().err
    assert code == 1 and 'worker' in message and 'num_workers' in message
    assert lost(project, before) == set()


def test_loss_becoming_nan_names_iteration_and_files(project, capsys):
    options = ('--no-audit', '--cfg-options', 'optim_wrapper.optimizer.lr=1e30')
    before = fingerprints(project.folder)
    code = main(project.train(*options))
    message = capsys.readouterr().err
    assert code == 1, message
    assert 'iteration' in message and 'img_dir/train' in message
    assert lost(project, before) == set()
