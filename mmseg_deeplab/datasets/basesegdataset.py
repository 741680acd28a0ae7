"""The data set that all others are, and that a new one is by config alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset

from mmseg_deeplab.datasets.color_table import ColorTable
from mmseg_deeplab.datasets.file_pairs import Folders, read_list, scan
from mmseg_deeplab.datasets.labels import IGNORE, check_train_ids, to_train_ids
from mmseg_deeplab.datasets.metainfo import map_classes, merge_metainfo
from mmseg_deeplab.datasets.palette import make_palette
from mmseg_deeplab.datasets.protocol_files import add_groups, add_other_labels
from mmseg_deeplab.datasets.reading import read_label
from mmseg_deeplab.datasets.transforms.build import build_transforms
from mmseg_deeplab.registry import DATASETS
from mmseg_deeplab.utils.errors import ConfigError, DatasetNotFoundError


@DATASETS.register_module()
class BaseSegDataset(BaseDataset):
    """Pairs of an image and a label image of the same name but for the suffix.

    A new data set needs no class, only these arguments in a config::

        dict(
            type='BaseSegDataset',
            metainfo=dict(classes=('land', 'water'), palette=[[132, 41, 246], [226, 169, 41]]),
            data_root='data/my_set',
            data_prefix=dict(img_path='images/train', seg_map_path='masks/train'),
            img_suffix='.jpg',
            seg_map_suffix='.png',
            color_table=dict(ignore=['#000000']),  # masks are painted in the palette's colours
            pipeline=train_pipeline,
        )

    Label values become class ids in this order: colours are looked up (``color_table``) or
    stored values taken as they are; ``reduce_zero_label``; the map to a subset of classes. Then
    255 means ignored, everywhere, and any other value outside the classes is an error.

    A record, from :meth:`get_data_info`, holds ``img_path``, ``seg_map_path`` (where there are
    labels), ``label_map``, ``reduce_zero_label``, ``seg_fields`` (an empty list),
    ``num_classes``, ``sample_idx`` and, where they are set, ``color_table``, ``ignore_index``,
    ``group`` and ``other_seg_map_paths``.

    A subclass sets ``METAINFO``, ``IMG_SUFFIX``, ``SEG_MAP_SUFFIX``, ``REDUCE_ZERO_LABEL``,
    ``SEG_MAP_HINT`` and needs no constructor.

    Args:
        ann_file: Text file of stems, of image names, or of image and label names in two
            columns; empty scans the image folder. Relative to ``data_root``.
        img_suffix: Ending of image names, or a tuple of several.
        seg_map_suffix: Ending of label names, or a tuple of which the first that exists counts.
        metainfo: ``classes`` (names, or the path of a text file of one name per line) and
            ``palette`` (a colour each: three numbers or ``'#RRGGBB'``; left out: random ones).
            For a data set with classes of its own a part of them, in any order: the others are
            ignored.
        data_root: Folder that the other paths are relative to.
        data_prefix: Folders ``img_path`` and ``seg_map_path``; leave the second out, or None,
            for images without labels. ``seg_map_path_NAME``: a further set of labels, of the
            same file names, that the metric scores as well if the folder is there.
        filter_cfg: For subclasses that override ``filter_data``.
        indices: Use only the first so many (negative: the last), or these.
        serialize_data: Keep records pickled in one array that loader workers share.
        pipeline: Transforms, as configs or callables.
        test_mode: Never replace a sample whose pipeline gave None by another one.
        lazy_init: Look for files only when the first record is asked for.
        max_refetch: How often another sample is tried where the pipeline gives None.
        ignore_index: A further stored label value that means ignored; 255 always does.
        reduce_zero_label: Whether stored label 0 is ignored and the others are one too high.
        backend_args: MMEngine's file backend, for data that is not on a local disk.
        color_table: For masks that hold colours: ``'palette'``, or a dict of ``colors``,
            ``ignore`` and ``stray`` as in :meth:`ColorTable.from_setting`.
        group: Name under which the metric keeps these samples apart (a domain, a data set); or a
            dict of such names to text files of image names without suffix, one a line.

    Raises:
        DatasetNotFoundError: A folder or list is missing or holds nothing.
        ConfigError: Arguments contradict each other or the data set's own classes.
    """

    METAINFO: dict = {}
    IMG_SUFFIX: str | tuple[str, ...] = '.jpg'
    SEG_MAP_SUFFIX: str | tuple[str, ...] = '.png'
    REDUCE_ZERO_LABEL = False
    SEG_MAP_HINT = ''  # how labels are made that were not published, for where one is missing

    def __init__(
        self,
        ann_file: str = '',
        img_suffix: str | Sequence[str] | None = None,
        seg_map_suffix: str | Sequence[str] | None = None,
        metainfo: Mapping | None = None,
        data_root: str | None = None,
        data_prefix: Mapping | None = None,
        filter_cfg: Mapping | None = None,
        indices: int | Sequence[int] | None = None,
        serialize_data: bool = True,
        pipeline: Sequence[dict | Callable] = (),
        test_mode: bool = False,
        lazy_init: bool = False,
        max_refetch: int = 1000,
        ignore_index: int = IGNORE,
        reduce_zero_label: bool | None = None,
        backend_args: Mapping | None = None,
        color_table: str | Mapping | None = None,
        group: str | Mapping[str, str] | None = None,
    ) -> None:
        self.img_suffix = self.IMG_SUFFIX if img_suffix is None else img_suffix
        self.seg_map_suffix = self.SEG_MAP_SUFFIX if seg_map_suffix is None else seg_map_suffix
        self.ignore_index = ignore_index
        own = self.REDUCE_ZERO_LABEL
        self.reduce_zero_label = own if reduce_zero_label is None else reduce_zero_label
        self.backend_args = dict(backend_args) if backend_args else None
        self.group = group
        super().__init__(
            ann_file=ann_file or '',
            metainfo=metainfo,
            data_root=data_root or '',
            data_prefix=_prefixes(data_prefix),
            filter_cfg=filter_cfg,
            indices=indices,
            serialize_data=serialize_data,
            # built here: MMEngine's own way would find mmcv's transforms of the same names
            pipeline=build_transforms(pipeline),
            test_mode=test_mode,
            lazy_init=True,
            max_refetch=max_refetch,
        )
        self._set_classes((metainfo or {}).get('palette'))
        self.color_table = self._make_color_table(color_table)
        if not lazy_init:
            self.full_init()

    @classmethod
    def get_label_map(cls, new_classes: Sequence[str] | None = None) -> dict[int, int] | None:
        """The map from the data set's own class ids to those of a part of its classes.

        Args:
            new_classes: Names, in the order of the new ids.

        Returns:
            Old id to new id, 255 for classes left out; None if nothing changes.
        """
        return map_classes(cls.METAINFO.get('classes'), new_classes, cls.__name__)

    def load_data_list(self) -> list[dict]:
        """Find the images and their labels.

        Returns:
            One record for each image, without ``sample_idx``.

        Raises:
            DatasetNotFoundError: A folder or list is missing or holds nothing.
        """
        if self.data_root and not self.backend_args and not os.path.isdir(self.data_root):
            raise DatasetNotFoundError(
                f'{self.data_root}: no such folder; set data_root to where {self._name()} lies '
                f'(now looked for below {os.getcwd()})'
            )
        folders = Folders(
            self.data_prefix.get('img_path', ''),
            self.data_prefix.get('seg_map_path'),
            _suffixes(self.img_suffix),
            _suffixes(self.seg_map_suffix),
            self.backend_args,
        )
        listed = self.ann_file and not os.path.isdir(self.ann_file)
        pairs = read_list(self.ann_file, folders) if listed else scan(folders)
        records = []
        for pair in pairs:
            label = {} if pair.label is None else {'seg_map_path': pair.label}
            records.append({'img_path': pair.image, **label, **self._common()})
        add_other_labels(records, self.data_prefix, folders)
        if isinstance(self.group, Mapping):
            add_groups(records, self.group, self.data_root, folders)
        return records

    def full_init(self) -> None:
        """Look for the files, unless that is done.

        Raises:
            DatasetNotFoundError: Nothing is left after ``filter_cfg`` and ``indices``.
        """
        if self._fully_initialized:
            return
        self.data_list = self.load_data_list()
        self.data_list = self.filter_data()
        if self._indices is not None:
            self.data_list = self._get_unserialized_subset(self._indices)
        if not self.data_list:
            raise DatasetNotFoundError(f'{self._name()}: filter_cfg or indices leave no image')
        if self.serialize_data:
            self.data_bytes, self.data_address = self._serialize_data()
        self._fully_initialized = True

    def get_data_info(self, idx: int) -> dict:
        """One record, complete even if a subclass's ``load_data_list`` left keys out.

        Args:
            idx: From 0; negative counts from the end.
        """
        return {**self._common(), **super().get_data_info(idx)}

    def get_cat_ids(self, idx: int) -> list[int]:
        """Train ids that occur in the label of an image; samplers that balance classes ask.

        Args:
            idx: From 0.

        Raises:
            DataError: The label is missing or broken, or holds values outside the classes.
        """
        record = self.get_data_info(idx)
        stored = read_label(
            record['seg_map_path'], record.get('color_table'), backend_args=self.backend_args
        )
        ids = to_train_ids(
            stored,
            reduce_zero_label=record['reduce_zero_label'],
            label_map=record['label_map'],
            ignore_index=self.ignore_index,
        )
        if record['num_classes'] is not None:
            check_train_ids(ids, record['num_classes'], stored, record['seg_map_path'])
        return [int(number) for number in np.unique(ids) if number != IGNORE]

    def _common(self) -> dict[str, Any]:
        """What all records share."""
        shared: dict[str, Any] = {
            'label_map': self.label_map,
            'reduce_zero_label': self.reduce_zero_label,
            'seg_fields': [],
            'num_classes': len(self._metainfo['classes']) or None,
        }
        if self.color_table is not None:
            shared['color_table'] = self.color_table
        if self.ignore_index != IGNORE:
            shared['ignore_index'] = self.ignore_index
        if isinstance(self.group, str):
            shared['group'] = self.group
        return shared

    @classmethod
    def _load_metainfo(cls, metainfo: Mapping | None = None) -> dict:
        return merge_metainfo(cls.METAINFO, metainfo)

    def _set_classes(self, given_palette: Sequence | None) -> None:
        classes = self._metainfo['classes']
        if self.test_mode and not classes:
            raise ConfigError(f'metainfo.classes must be set for testing {self._name()}, got none')
        own_palette = self.METAINFO.get('palette')
        self.label_map = self.get_label_map(classes)
        palette = make_palette(classes, given_palette, own_palette, self.label_map)
        self._metainfo.update(
            palette=palette, label_map=self.label_map, reduce_zero_label=self.reduce_zero_label
        )

    def _make_color_table(self, setting: str | Mapping | None) -> ColorTable | None:
        if setting is None:
            return None
        if self.reduce_zero_label:
            raise ConfigError(
                'color_table gives class ids, so reduce_zero_label must be False, got True'
            )
        if self.label_map is None:
            return ColorTable.from_setting(
                setting, self._metainfo['classes'], self._metainfo['palette']
            )
        # ids of the data set's own classes: label_map comes after
        own = self.METAINFO
        return ColorTable.from_setting(setting, own['classes'], own.get('palette', ()))

    def _name(self) -> str:
        return type(self).__name__


def _prefixes(data_prefix: Mapping | None) -> dict[str, str]:
    if data_prefix is None:
        return {'img_path': '', 'seg_map_path': ''}
    return {key: value for key, value in data_prefix.items() if value is not None}


def _suffixes(suffix: str | Sequence[str]) -> tuple[str, ...]:
    return (suffix,) if isinstance(suffix, str) else tuple(suffix)
