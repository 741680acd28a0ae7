"""Composer's way from data to its table, on a drawn ADE20K in its true layouts.

    python -m benchmarks.systems.composer_end_to_end FOLDER [--real ../shared/data/ade20k_sample]

Draws the data, trains by a settings file of Composer's own form, resumes, trains the medium
recipe (channels last, EMA, SAM, MixUp), tests both at two sizes, converts the weights to
Composer's names and back, and prints the table. The network is cut down to a narrow ResNet-18.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from benchmarks.systems.draw_ade20k import add_real, draw_ade20k
from mmseg_deeplab.apis import test as score
from mmseg_deeplab.cli import main as run_command
from mmseg_deeplab.models import composer_deeplabv3

SIDE, EPOCHS = 64, 4
SETTINGS = """\
train_dataset: {{ade20k: {{datadir: {root}, split: training}}}}
val_dataset: {{ade20k: {{datadir: {root}, split: validation}}}}
model:
  deeplabv3:
    initializers:
      - kaiming_normal
      - bn_ones
    num_classes: 150
    backbone_arch: resnet101
    is_backbone_pretrained: false
    use_plus: true
    sync_bn: true
optimizer:
  decoupled_sgdw:
    lr: 0.01
    momentum: 0.9
    weight_decay: 2.0e-5
    dampening: 0
    nesterov: false
schedulers:
  - cosine_decay:
      t_max: 1dur
max_duration: {epochs}ep
train_batch_size: 4
eval_batch_size: 1
dataloader: {{num_workers: 0}}
precision: fp32
{algorithms}"""
MEDIUM = """\
algorithms:
  channels_last: {}
  ema: {half_life: 4ba, update_interval: 1ba}
  sam: {rho: 0.3, interval: 2}
  mixup: {alpha: 0.2}
"""
SMALL = {
    'model.backbone.depth': 18,
    'model.backbone.stem_channels': 16,
    'model.backbone.base_channels': 16,
    'model.decode_head.in_channels': 128,
    'model.decode_head.channels': 32,
    'model.decode_head.c1_in_channels': 16,
    'model.decode_head.c1_channels': 12,
    'model.data_preprocessor.size': (SIDE, SIDE),
    'train_dataloader.dataset.pipeline.2.scale': (SIDE, SIDE),
    'train_dataloader.dataset.pipeline.3.crop_size': (SIDE, SIDE),
    'train_dataloader.dataset.pipeline.6.size': (SIDE, SIDE),
    'val_dataloader.dataset.pipeline.1.scale': (SIDE, SIDE),
    'test_dataloader.dataset.pipeline.1.scale': (SIDE, SIDE),
    'train_cfg.val_interval': 1000,  # the test comes anyway
}


def run(*words: str) -> None:
    """One command, which must succeed."""
    print('\n$ mmseg-deeplab', *words, flush=True)
    if run_command(list(words)):
        raise SystemExit(f'failed: {" ".join(words)}')


def train(settings: Path, work: Path, *words: str) -> None:
    """Train by a settings file, with the network and the crops made small."""
    options = [f'{key}={value}'.replace(' ', '') for key, value in SMALL.items()]
    run('train', str(settings), '--work-dir', str(work), '--no-audit', *words,
        '--cfg-options', *options)  # fmt: skip


def row(name: str, settings: Path, work: Path, epochs: int) -> str:
    """A line of the table: both scores and the time that the checkpoint knows of."""
    path = work / f'epoch_{epochs}.pth'
    scores = score(settings, path, work_dir=work / 'test', cfg_options=SMALL)
    hub = torch.load(path, weights_only=True)['message_hub']
    seconds = hub['runtime_info']['train_seconds']
    both = (scores[f'{size}/mIoU'] for size in ('512x512', 'original_size'))
    return f'| {name} | {" | ".join(f"{value:.2f}" for value in both)} | {seconds:.1f} s |'


def round_trip(checkpoint: Path, settings: Path, work: Path) -> None:
    """To Composer's names and back, bit for bit."""
    theirs, again = work / 'composer.pt', work / 'again.pth'
    run('convert-weights', str(checkpoint), str(theirs), '--to-composer', '--overwrite')
    options = [f'{key}={value}'.replace(' ', '') for key, value in SMALL.items()]
    run('convert-weights', str(theirs), str(again), '--config', str(settings), '--overwrite',
        '--cfg-options', *options)  # fmt: skip
    first, second = (torch.load(p, weights_only=True)['state_dict'] for p in (checkpoint, again))
    same = set(first) == set(second) and all(torch.equal(first[k], second[k]) for k in first)
    print('round trip through Composer:', 'the same' if same else 'NOT THE SAME')
    if not same:
        raise SystemExit(1)


def own_loop() -> None:
    """Two steps of a training loop of one's own."""
    model = composer_deeplabv3(num_classes=8, backbone_arch='resnet50', dice_weight=1.0).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    batch = torch.randn(2, 3, 65, 65), torch.randint(-1, 8, (2, 65, 65))
    for _ in range(2):
        outputs = model(batch)
        losses = model.loss(outputs, batch)
        optimizer.zero_grad()
        losses['total'].backward()
        optimizer.step()
        for metric in model.get_metrics(is_train=True).values():
            model.update_metric(batch, outputs.detach(), metric)
    values = {name: float(m.compute()) for name, m in model.get_metrics(is_train=True).items()}
    print(
        'composer_deeplabv3:',
        json.dumps({k: float(v.detach()) for k, v in losses.items()} | values),
    )


def main() -> None:
    """Everything, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder', type=Path)
    parser.add_argument('--real', type=Path, help='folder of real validation pairs to add')
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    draw_ade20k(folder / 'challenge')
    if arguments.real:
        print(f'{add_real(folder / "challenge", arguments.real)} real validation pairs')
    draw_ade20k(folder / 'other', challenge=False)
    lines = [f'| Model | mIoU at {SIDE}x{SIDE} | mIoU at original size | Time-to-Train |',
             '| --- | --- | --- | --- |']  # fmt: skip
    for name, root, algorithms in (('composer', 'challenge', ''), ('medium', 'other', MEDIUM)):
        settings, work = folder / f'{name}.yaml', folder / f'work_{name}'
        for epochs, words in ((1, ()), (EPOCHS, ('--resume',))):
            content = SETTINGS.format(root=folder / root, epochs=epochs, algorithms=algorithms)
            settings.write_text(content, encoding='utf-8')
            train(settings, work, *words)
        lines.append(row(name, settings, work, EPOCHS))
    round_trip(folder / 'work_composer' / f'epoch_{EPOCHS}.pth', folder / 'composer.yaml', folder)
    own_loop()
    print('\n'.join(['', *lines]))


if __name__ == '__main__':
    main()
