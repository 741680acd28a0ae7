"""Several views of one image, for testing."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from itertools import product

from mmcv.transforms import BaseTransform
from mmengine.dataset import Compose

from mmseg_deeplab.datasets.transforms.build import build_transforms
from mmseg_deeplab.registry import TRANSFORMS
from mmseg_deeplab.utils.errors import ConfigError


@TRANSFORMS.register_module()
class TestTimeAug(BaseTransform):
    """Run a sample through every combination of alternatives.

    Six ``Resize`` in the first list, two ``RandomFlip`` in the second and one
    ``PackSegInputs`` in the third give 12 views, the last list varying fastest.

    Required keys:
        - those of the transforms

    Added keys (nothing else is left):
        - those of the transforms, each a list with one entry for every view

    Args:
        transforms: Lists of alternatives, as configs or callables; one of each list is applied,
            in the order of the lists.

    Raises:
        ConfigError: ``transforms`` is not a list of lists.
    """

    __test__ = False  # its name looks like a test's

    def __init__(self, transforms: Sequence[Sequence[dict | Callable]]) -> None:
        if not transforms or not all(isinstance(step, (list, tuple)) for step in transforms):
            raise ConfigError('TestTimeAug.transforms must be a list of lists of transforms')
        steps = [build_transforms(step) for step in transforms]
        self.subroutines = [Compose(combination) for combination in product(*steps)]

    def transform(self, results: dict) -> dict:
        """Make all views.

        Raises:
            ConfigError: A transform gave None, which would leave a view out.
        """
        views = []
        for subroutine in self.subroutines:
            view = subroutine(copy.deepcopy(results))
            if view is None:
                raise ConfigError(f'TestTimeAug: {subroutine!r} gave no sample')
            views.append(view)
        return {key: [view[key] for view in views] for key in views[0]}

    def __repr__(self) -> str:
        return f'{type(self).__name__}({len(self.subroutines)} views)'
