"""What a metric needs to score by several protocols: other labels, and groups of images."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from mmseg_deeplab.datasets.file_pairs import Folders, read_text
from mmseg_deeplab.utils.log import get_logger

_FURTHER = 'seg_map_path_'


def add_other_labels(
    records: Sequence[dict], prefixes: Mapping[str, str], folders: Folders
) -> None:
    """Put the paths of further sets of labels into records, as ``other_seg_map_paths``.

    Args:
        records: With ``seg_map_path``, where there are labels; changed.
        prefixes: A data set's ``data_prefix``; keys ``seg_map_path_NAME`` are folders of further
            labels with the same file names. One that is not there is left out, which is logged.
        folders: Those of the records.
    """
    others = {
        key.removeprefix(_FURTHER): folder
        for key, folder in prefixes.items()
        if key.startswith(_FURTHER) and _is_there(folder, folders, 'these labels are not scored')
    }
    for record in records if others else ():
        if 'seg_map_path' in record:
            name = os.path.relpath(record['seg_map_path'], folders.label)
            record['other_seg_map_paths'] = {
                key: os.path.join(folder, name) for key, folder in others.items()
            }


def add_groups(
    records: Sequence[dict], lists: Mapping[str, str], root: str, folders: Folders
) -> None:
    """Put the name of the group that each image belongs to into records, as ``group``.

    Args:
        records: With ``img_path``; changed.
        lists: Name to a text file of image names without suffix, one a line. If one is not there
            no image gets a group, which is logged.
        root: The files' paths are relative to it.
        folders: Those of the records.
    """
    paths = {name: os.path.join(root, path) for name, path in lists.items()}
    consequence = f'{" and ".join(lists)} are not scored apart'
    if not all(_is_there(path, folders, consequence) for path in paths.values()):
        return
    group_of = {
        line.strip(): name
        for name, path in paths.items()
        for line in read_text(path, folders.backend_args).splitlines()
    }
    for record in records:
        name = os.path.relpath(record['img_path'], folders.image or '.')
        stems = (name.removesuffix(end) for end in folders.image_suffixes if name.endswith(end))
        group = group_of.get(next(stems, name))
        if group is not None:
            record['group'] = group


def _is_there(path: str, folders: Folders, consequence: str) -> bool:
    if folders.backend_args is not None or os.path.exists(path):
        return True
    get_logger().info('%s is not there: %s', path, consequence)
    return False
