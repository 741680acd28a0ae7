"""A small clean data set and its config, for tests to spoil."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.tiny_dataset import make_loveda_like


class Project:
    """Six training and three validation images, 40x40, in LoveDA's layout."""

    def __init__(self, folder: Path) -> None:
        self.data = make_loveda_like(folder / 'data', n_train=6, n_val=3, size=40)

    def image(self, number: int = 0) -> Path:
        """Path of an image; 0 to 5 are train, 6 to 8 are val."""
        return self.data / 'img_dir' / ('train' if number < 6 else 'val') / f'{number}.png'

    def mask(self, number: int = 0) -> Path:
        """Path of a mask."""
        return self.data / 'ann_dir' / ('train' if number < 6 else 'val') / f'{number}.png'

    def config(self, **changes: Any) -> dict:
        """What an audit needs; ``changes`` go to every data set."""
        loaders = {}
        for split in ('train', 'val'):
            folders = dict(img_path=f'img_dir/{split}', seg_map_path=f'ann_dir/{split}')
            dataset = dict(
                type='LoveDADataset', data_root=str(self.data), data_prefix=folders, pipeline=[]
            )
            loaders[f'{split}_dataloader'] = dict(dataset={**dataset, **changes})
        return {**loaders, 'test_dataloader': loaders['val_dataloader']}
