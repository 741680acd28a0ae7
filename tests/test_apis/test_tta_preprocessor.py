"""Multi-scale testing normalises as the model does, whatever variables its config file has."""

from __future__ import annotations

import pytest

from mmseg_deeplab.apis import test as run_test

from .test_results_of_a_test import config_of, write_labels
from .tiny import write_images


@pytest.mark.slow
def test_a_variable_of_the_file_does_not_replace_the_models_preprocessor(tmp_path, checkpoint):
    write_images(tmp_path / 'img', 3)
    write_labels(tmp_path / 'ann')
    config = config_of(tmp_path)
    right = run_test(config, checkpoint, aug_test=True, work_dir=tmp_path / 'work', device='cpu')
    # of the base config: a child has changed `model.data_preprocessor` since
    config['data_preprocessor'] = {
        'type': 'SegDataPreProcessor',
        'mean': [-900.0] * 3,
        'std': [0.1] * 3,
    }
    found = run_test(config, checkpoint, aug_test=True, work_dir=tmp_path / 'work', device='cpu')
    assert found == right
