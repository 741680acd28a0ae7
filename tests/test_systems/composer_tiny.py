"""A Composer recipe small enough for a test: drawn data, a narrow network."""

from __future__ import annotations

from pathlib import Path

from benchmarks.systems.draw_ade20k import draw_ade20k

SIDE = 32


def tiny_options(root: Path, work: Path) -> dict:
    """Draw the data below a folder and make a recipe small; dotted keys of a config."""
    if not root.exists():
        draw_ade20k(root, n_train=5, n_val=2, size=SIDE)
    size = (SIDE, SIDE)
    loaders = {
        f'{side}_dataloader.{key}': value
        for side in ('train', 'val', 'test')
        for key, value in {
            'num_workers': 0, 'batch_size': 2, 'dataset.data_root': str(root),
        }.items()
    }  # fmt: skip
    return {
        **loaders,
        'work_dir': str(work),
        'model.pretrained': None,
        'model.backbone.depth': 18,
        'model.backbone.stem_channels': 8,
        'model.backbone.base_channels': 8,
        'model.decode_head.in_channels': 64,
        'model.decode_head.channels': 8,
        'model.decode_head.c1_in_channels': 8,
        'model.decode_head.c1_channels': 4,
        'model.data_preprocessor.size': size,
        'train_dataloader.dataset.pipeline.2.scale': size,
        'train_dataloader.dataset.pipeline.3.crop_size': size,
        'train_dataloader.dataset.pipeline.6.size': size,
        'val_dataloader.dataset.pipeline.1.scale': size,
        'test_dataloader.dataset.pipeline.1.scale': size,
        'optim_wrapper.amp': False,
    }
