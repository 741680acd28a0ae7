"""From a file or an array to what the model's test step takes."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from mmengine.config import Config
from mmengine.dataset import pseudo_collate

from mmseg_deeplab.config.cross_check import inner_datasets
from mmseg_deeplab.registry import TRANSFORMS
from mmseg_deeplab.utils.errors import (
    ConfigError,
    ConfigTypeError,
    DataError,
    DatasetNotFoundError,
)
from mmseg_deeplab.utils.files import UniqueNames
from mmseg_deeplab.visualization import to_display

ImageInput = str | PathLike | np.ndarray

SUFFIXES = ('.png', '.jpg', '.jpeg', '.bmp', '.tif', '.tiff', '.webp', '.npy')
_ARRAY_SETTINGS = ('to_float32', 'color_type', 'bands', 'nodata')


class NamedImage(NamedTuple):
    """An image to predict and the name of its results."""

    name: str
    image: ImageInput


class Sample(NamedTuple):
    """An image that is ready for the model, and a picture of it."""

    data: dict[str, Any]  # inputs and data_samples of one image, or of its views
    picture: np.ndarray  # (H0, W0, 3) uint8, RGB, as stored

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the input; only those of one shape fit into one batch."""
        inputs = self.data['inputs']
        return () if isinstance(inputs, Sequence) else tuple(inputs.shape)


class SampleReader:
    """Runs the test pipeline of a config without its annotations.

    Args:
        config: With ``test_pipeline`` or a test (or val) data set's ``pipeline``, and for
            ``aug_test`` with ``tta_pipeline``; it is not changed.
        aug_test: Make the views of test-time augmentation.

    Raises:
        ConfigError: The config has no such pipeline, or it does not begin with a loader.
    """

    def __init__(self, config: Config, *, aug_test: bool = False) -> None:
        pipeline = without_annotations(_find_pipeline(config, aug_test))
        first = str(pipeline[0].get('type', '')) if pipeline else ''
        if 'Load' not in first:
            raise ConfigError(
                f'a test pipeline must begin with a transform that loads the image, got '
                f'{first or "an empty pipeline"}; put LoadImageFromFile first'
            )
        self._from_file = TRANSFORMS.build(pipeline[0])
        settings = {key: pipeline[0][key] for key in _ARRAY_SETTINGS if key in pipeline[0]}
        self._from_array = TRANSFORMS.build({'type': 'LoadImageFromNDArray', **settings})
        self._rest = [TRANSFORMS.build(transform) for transform in pipeline[1:]]

    def __call__(self, image: ImageInput) -> Sample:
        """Read and prepare one image.

        Args:
            image: A path, or (H, W) or (H, W, C) with the bands that a file would have; three
                bands are BGR.

        Raises:
            DataError: The file is missing or broken.
        """
        if isinstance(image, np.ndarray):
            results = self._from_array({'img': image})
        else:
            if not Path(image).is_file():
                raise DatasetNotFoundError(f'{image}: there is no such image; check the path')
            results = self._from_file({'img_path': str(image)})
        picture = to_display(results['img'])
        for transform in self._rest:
            results = transform(results)
        return Sample(results, picture)


def collate(samples: Sequence[Sample]) -> dict[str, Any]:
    """One batch for ``model.test_step``; all samples must have one ``shape``."""
    return pseudo_collate([sample.data for sample in samples])


def as_list(inputs: ImageInput | Iterable[ImageInput]) -> list[ImageInput]:
    """One image or several as a list.

    Raises:
        ConfigTypeError: There is something that is neither a path nor an array.
    """
    single = isinstance(inputs, ImageInput) or not isinstance(inputs, Iterable)
    images = [inputs] if single else list(inputs)
    for image in images:
        if not isinstance(image, ImageInput):
            raise ConfigTypeError(
                f'an image must be a path or an array (or a list of such), got '
                f'{type(image).__name__}'
            )
    return images


def list_images(inputs: ImageInput | Sequence[ImageInput]) -> list[NamedImage]:
    """All images that an argument means, with the names of their results.

    Args:
        inputs: A path, an array, a folder (searched with its sub-folders), or a list of such.

    Returns:
        Those of a folder sorted by path. A file's name is without folder and suffix, but keeps
        the sub-folders of a folder that was searched; an array's is its place in the list.

    Raises:
        DataError: A path does not exist, a folder holds no image, or two images would have
            one name.
        ConfigTypeError: There is something that is neither a path nor an array.
    """
    found: list[NamedImage] = []
    for index, image in enumerate(as_list(inputs)):
        if isinstance(image, np.ndarray):
            found.append(NamedImage(f'{index:08d}', image))
        else:
            found += _list_path(Path(image).expanduser())
    if not found:
        raise DataError('there are no images: the list is empty')
    names = UniqueNames()
    for name, image in found:
        names.claim(name, f'array {name}' if isinstance(image, np.ndarray) else image)
    return found


def _list_path(path: Path) -> list[NamedImage]:
    if path.is_file():
        return [NamedImage(path.stem, str(path))]
    if not path.is_dir():
        raise DatasetNotFoundError(f'{path}: there is no such image or folder; check the path')
    files = sorted(file for file in path.rglob('*') if file.suffix.lower() in SUFFIXES)
    if not files:
        raise DataError(f'{path}: the folder holds no images ({", ".join(SUFFIXES)})')
    return [
        NamedImage(file.relative_to(path).with_suffix('').as_posix(), str(file)) for file in files
    ]


def _find_pipeline(config: Config, aug_test: bool) -> list[Mapping[str, Any]]:
    if aug_test:
        if not config.get('tta_pipeline'):
            raise ConfigError(
                'tta_pipeline is missing in the config, it says which views aug_test takes; '
                'copy it from configs/_base_/datasets'
            )
        return config['tta_pipeline']
    if config.get('test_pipeline'):
        return config['test_pipeline']
    for loader in ('test_dataloader', 'val_dataloader'):
        dataset = (config.get(loader) or {}).get('dataset') or {}
        _, first = next(inner_datasets(dataset))
        if first.get('pipeline'):
            return first['pipeline']
    raise ConfigError(
        'the config has no test_pipeline and no test_dataloader; prediction needs to know how '
        'images are loaded and resized'
    )


def without_annotations(pipeline: Any) -> Any:
    """A pipeline that loads no labels.

    Args:
        pipeline: List of transforms' configs; it is not changed.

    Returns:
        A copy without ``LoadAnnotations``, also inside the lists of ``TestTimeAug``.
    """
    if isinstance(pipeline, Mapping):
        return {key: without_annotations(value) for key, value in pipeline.items()}
    if isinstance(pipeline, list | tuple):
        kept = [without_annotations(one) for one in pipeline if not _loads_annotations(one)]
        return [one for one in kept if one != []]
    return copy.deepcopy(pipeline)


def _loads_annotations(transform: Any) -> bool:
    if not isinstance(transform, Mapping):
        return False
    kind = transform.get('type', '')
    return 'Annotation' in (kind if isinstance(kind, str) else kind.__name__)
