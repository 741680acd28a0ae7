"""Carry checkpoints to MMSegmentation and back, and compare what the models answer.

Usage: python benchmarks/round_trip.py --peer PYTHON [--folder DIR]

PYTHON is the interpreter of an environment with MMSegmentation 1.2.2 (mmcv-lite will do). Both
sides train two iterations of one config on drawn tiles. Our file is published and loaded there;
theirs, as its runner writes it and in the layout of 0.x, is loaded here.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import OrderedDict
from pathlib import Path

import torch

from mmseg_deeplab.apis import init_model, inspect_checkpoint, publish_model, train
from mmseg_deeplab.engine import load_checkpoint
from mmseg_deeplab.utils.log import get_logger

PEER_SIDE = Path(__file__).with_name('round_trip_peer.py')
CONFIG = """\
default_scope = 'mmseg'
norm_cfg = dict(type='SyncBN', requires_grad=True)
model = dict(
    type='EncoderDecoder',
    data_preprocessor=dict(
        type='SegDataPreProcessor', mean=[123.675, 116.28, 103.53], std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True, pad_val=0, seg_pad_val=255, size=(64, 64)),
    backbone=dict(
        type='ResNetV1c', depth=18, num_stages=4, out_indices=(0, 1, 2, 3), norm_cfg=norm_cfg,
        dilations=(1, 1, 2, 4), strides=(1, 2, 1, 1), norm_eval=False, style='pytorch',
        contract_dilation=True),
    decode_head=dict(
        type='DepthwiseSeparableASPPHead', in_channels=512, in_index=3, channels=128,
        dilations=(1, 12, 24, 36), c1_in_channels=64, c1_channels=12, dropout_ratio=0.1,
        num_classes=7, norm_cfg=norm_cfg, align_corners=False,
        loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=1.0)),
    auxiliary_head=dict(
        type='FCNHead', in_channels=256, in_index=2, channels=64, num_convs=1,
        concat_input=False, dropout_ratio=0.1, num_classes=7, norm_cfg=norm_cfg,
        align_corners=False,
        loss_decode=dict(type='CrossEntropyLoss', use_sigmoid=False, loss_weight=0.4)),
    train_cfg=dict(), test_cfg=dict(mode='whole'))
pipeline = [
    dict(type='LoadImageFromFile'), dict(type='LoadAnnotations', reduce_zero_label=True),
    dict(type='RandomCrop', crop_size=(64, 64)), dict(type='PackSegInputs')]
train_dataloader = dict(
    batch_size=2, num_workers=0, sampler=dict(type='InfiniteSampler', shuffle=True),
    dataset=dict(
        type='LoveDADataset', data_root='{data}', reduce_zero_label=True, pipeline=pipeline,
        data_prefix=dict(img_path='img_dir/train', seg_map_path='ann_dir/train')))
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=0.0005))
param_scheduler = [
    dict(type='PolyLR', eta_min=1e-4, power=0.9, begin=0, end=2, by_epoch=False)]
train_cfg = dict(type='IterBasedTrainLoop', max_iters=2, val_interval=2)
default_hooks = dict(checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=2))
env_cfg = dict(mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0))
randomness = dict(seed=0)
log_level = 'WARNING'
"""


def draw_tiles(root: Path) -> None:
    """Four tiles of 64 x 64 with labels, in LoveDA's layout."""
    import cv2
    import numpy as np

    random = np.random.default_rng(0)
    for kind, shape, high in (('img_dir', (64, 64, 3), 256), ('ann_dir', (64, 64), 8)):
        folder = root / kind / 'train'
        folder.mkdir(parents=True)
        for index in range(4):
            pixels = random.integers(0, high, shape, dtype=np.uint8)
            cv2.imwrite(str(folder / f'{index}.png'), pixels)


def call_peer(peer: str, *words: str) -> None:
    """Run the peer's half; its output is shown only if it fails."""
    run = subprocess.run([peer, str(PEER_SIDE), *words], capture_output=True, text=True)
    if run.returncode:
        sys.exit(f'the peer failed: {" ".join(words)}\n{run.stdout[-2000:]}{run.stderr[-4000:]}')


def difference(config: str, checkpoint: Path, folder: Path, *, peer: str, theirs: Path) -> dict:
    """How far our answers with a file are from the peer's with another of the same weights.

    Args:
        config: Of the model.
        checkpoint: Loaded here.
        folder: For the files that are passed between the two.
        peer: Its interpreter.
        theirs: Loaded there.

    Returns:
        For each dtype norm of difference / norm; and whether classes and palette are the same.
    """
    passed = folder / 'logits.pt'
    images = torch.randn(2, 3, 65, 97, generator=torch.Generator().manual_seed(1))
    torch.save({'images': images}, passed)
    call_peer(peer, 'logits', config, str(theirs), str(passed))
    answer = torch.load(f'{passed}.peer')
    model = init_model(config, checkpoint, device='cpu')
    found = {}
    for dtype in (torch.float32, torch.float64):
        with torch.no_grad():
            ours = model.to(dtype).encode_decode(images.to(dtype))
        reference = answer['logits'][str(dtype)]
        # the peer's logits come at the size of its head; resized as its predict does
        if reference.shape != ours.shape:
            size = ours.shape[2:]
            reference = torch.nn.functional.interpolate(reference, size, mode='bilinear')
        found[str(dtype).removeprefix('torch.')] = float((ours - reference).norm() / ours.norm())
    meta = {key: [*map(_listed, model.dataset_meta[key])] for key in ('classes', 'palette')}
    found['names'] = meta == {key: [*map(_listed, value)] for key, value in answer['meta'].items()}
    return found


def _listed(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def write_old(source: Path, target: Path) -> Path:
    """The weights of a 1.x file in the layout of 0.x, in the format of PyTorch before 1.6."""
    content = torch.load(source, weights_only=False)
    dataset = content['meta']['dataset_meta']
    meta = {
        'env_info': 'sys.platform: linux\nPython: 3.7.7',
        'mmseg_version': '0.20.2+9c7b5b2',
        'mmcv_version': '1.4.0',
        'config': content['meta']['cfg'],
        'CLASSES': tuple(dataset['classes']),
        'PALETTE': [list(colour) for colour in dataset['palette']],
        'hook_msgs': {'last_ckpt': 'work_dirs/x/iter_2.pth'},
        'time': 'Sun Dec 19 02:06:01 2021',
        'seed': 0,
        'exp_name': 'round_trip.py',
        'epoch': 1,
        'iter': 2,
    }
    state = OrderedDict(content['state_dict'])
    state._metadata = content['state_dict']._metadata
    torch.save({'meta': meta, 'state_dict': state}, target, _use_new_zipfile_serialization=False)
    return target


def report(name: str, file: Path, found: dict) -> bool:
    """Print a line; returns whether all is well."""
    keys = inspect_checkpoint(file)['weights']['entries']
    good = found['float32'] <= 1e-4 and found['float64'] <= 1e-9 and found['names']
    print(
        f'{name:44s} {keys:4d} keys  float32 {found["float32"]:.1e}  float64 '
        f'{found["float64"]:.1e}  names {"same" if found["names"] else "DIFFER"}  '
        f'{"ok" if good else "NOT OK"}'
    )
    return good


def main() -> int:
    """Make the round trip; returns 0 if all answers agree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--peer', required=True, help='Python of an environment with the peer')
    parser.add_argument('--folder', type=Path, help='kept afterwards; must be empty')
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        return round_trip(arguments.peer, arguments.folder or Path(temporary))


def round_trip(peer: str, folder: Path) -> int:
    """Both ways, in a folder; returns 0 if all answers agree."""
    get_logger().setLevel('WARNING')
    draw_tiles(folder / 'data')
    config = folder / 'round_trip.py'
    config.write_text(CONFIG.replace('{data}', str(folder / 'data')), encoding='utf-8')
    good = True

    runner = train(config, work_dir=folder / 'ours', device='cpu', audit=False)
    ours = folder / 'ours' / 'iter_2.pth'
    published, tensors, card = publish_model(
        ours, folder / 'zoo' / 'r18', formats=['pth', 'safetensors']
    )
    torch.load(published, weights_only=True)
    print(f'published {published.name}, {tensors.name}, {card.name}')
    for name, file in (('trained here', ours), ('published here', published)):
        found = difference(str(config), file, folder, peer=peer, theirs=file)
        good &= report(f'{name}, loaded there', file, found)
    found = difference(str(config), tensors, folder, peer=peer, theirs=published)
    good &= report('published here as .safetensors, loaded here', tensors, found)
    trained = runner.model.state_dict()
    state = load_checkpoint(tensors)['state_dict']
    good &= set(trained) == set(state) and all(torch.equal(trained[k], state[k]) for k in state)

    call_peer(peer, 'train', str(config), str(folder / 'theirs'))
    theirs = folder / 'theirs' / 'iter_2.pth'
    old = write_old(theirs, folder / 'old.pth')
    again = publish_model(theirs, folder / 'zoo' / 'again', card=False)[0]
    # the peer cannot read its own file with today's PyTorch, so it gets what we publish of it
    for name, file in (('trained there (1.x)', theirs), ('as 0.x wrote it', old)):
        found = difference(str(config), file, folder, peer=peer, theirs=again)
        good &= report(f'{name}, loaded here', file, found)
    train(config, work_dir=folder / 'tuned', load_from=theirs, drop_head=True, device='cpu',
          audit=False)  # fmt: skip
    train(config, work_dir=folder / 'resumed', resume=theirs, device='cpu', audit=False,
          cfg_options={'train_cfg.max_iters': 3})  # fmt: skip
    print('fine-tuned with --drop-head, and resumed, from the file trained there')
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
