"""ADE20K: scenes of all kinds, indoors and outdoors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mmseg_deeplab.datasets.basesegdataset import BaseSegDataset
from mmseg_deeplab.datasets.metainfo import TableMetainfo
from mmseg_deeplab.registry import DATASETS
from mmseg_deeplab.utils.errors import ConfigError, DatasetNotFoundError

# a split's name -> what its folders may be called besides
SPLITS = {
    'train': ('training',),
    'training': ('train',),
    'val': ('validation',),
    'validation': ('val',),
    'test': ('testing',),
}
# grey-scale images among the colour images of the training set
GREY = tuple(f'ADE_train_{number:08d}' for number in (1701, 3020, 8455, 13508))


@DATASETS.register_module()
class ADE20KDataset(BaseSegDataset):
    """ADE20K in the form of the scene parsing challenge of 2016.

    Features: 20210 images to train, 2000 to validate, of many sizes.

    Format: JPEG in ``images/{training,validation}``; labels are 8-bit PNGs of the same names in
    ``annotations/{training,validation}``.

    Classes: stored label 0 is everything else and ignored (``reduce_zero_label=True``); 1 (wall)
    to 150 (flag) become ids 0 to 149. One name, ``'bed '``, ends in a space, as published and as
    in the checkpoints.

    Paper: Zhou et al., "Scene Parsing through ADE20K Dataset", CVPR 2017, arXiv 1608.05442.

    Licence: BSD 3-clause for the annotations, non-commercial research for the images.
    """

    METAINFO = TableMetainfo('ade20k')
    REDUCE_ZERO_LABEL = True


@DATASETS.register_module()
class ADE20KFolders(ADE20KDataset):
    """ADE20K by the name of its split, as MosaicML's Composer reads it.

    Format: the folders of ``images`` and ``annotations`` may be named ``training`` and
    ``validation``, as in the challenge's archive, or ``train`` and ``val``; ``images/test``
    has no labels. Only files whose name begins with ``ADE`` count. Otherwise as
    :class:`ADE20KDataset`, whose label 0 becomes "ignored" (255; Composer calls it -1).

    Args:
        data_root: Folder that holds ``images`` and ``annotations``.
        split: ``'train'`` or ``'training'``, ``'val'`` or ``'validation'``, or ``'test'``.
        skip_grey: Leave the four grey-scale images of the training set out.
        metainfo: As in :class:`BaseSegDataset`, as the arguments below.
        indices: Use only the first so many, or these.
        serialize_data: Keep records in one array.
        pipeline: Transforms.
        test_mode: Never replace a sample by another one.
        lazy_init: Look for files only when the first record is asked for.
        max_refetch: How often another sample is tried.
        group: Name under which the metric keeps these samples apart.

    Raises:
        ConfigError: Another split.
        DatasetNotFoundError: There is no folder of the split's images.
    """

    def __init__(
        self,
        data_root: str,
        split: str = 'train',
        skip_grey: bool = True,
        metainfo: Mapping | None = None,
        indices: int | Sequence[int] | None = None,
        serialize_data: bool = True,
        pipeline: Sequence[dict | Callable] = (),
        test_mode: bool = False,
        lazy_init: bool = False,
        max_refetch: int = 1000,
        group: str | Mapping[str, str] | None = None,
    ) -> None:
        if split not in SPLITS:
            raise ConfigError(f'split must be one of {", ".join(SPLITS)}, got {split!r}')
        self.skip_grey = skip_grey
        folders = dict.fromkeys((split, *SPLITS[split]))
        here = (name for name in folders if Path(data_root, 'images', name).is_dir())
        name = next(here, None)
        if name is None and not lazy_init and Path(data_root).is_dir():
            wanted = ' or '.join(f'images/{name}' for name in folders)
            raise DatasetNotFoundError(f'{data_root}: has no folder {wanted} for split {split!r}')
        name = name or split
        prefix = {'img_path': f'images/{name}'}
        if split != 'test':
            prefix['seg_map_path'] = f'annotations/{name}'
        super().__init__(
            data_root=data_root,
            data_prefix=prefix,
            metainfo=metainfo,
            indices=indices,
            serialize_data=serialize_data,
            pipeline=pipeline,
            test_mode=test_mode,
            lazy_init=lazy_init,
            max_refetch=max_refetch,
            group=group,
        )

    def load_data_list(self) -> list[dict]:
        """Find the images of the split and their labels.

        Returns:
            One record for each image, without ``sample_idx``.

        Raises:
            DatasetNotFoundError: A folder is missing or holds nothing.
        """
        left_out = GREY if self.skip_grey else ()
        stems = ((Path(record['img_path']).stem, record) for record in super().load_data_list())
        return [record for stem, record in stems if stem.startswith('ADE') and stem not in left_out]
