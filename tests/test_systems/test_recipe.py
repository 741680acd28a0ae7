"""The weights that the reference outputs were made for."""

from __future__ import annotations

import numpy as np
import pytest

from tests.golden import recipe


@pytest.mark.parametrize(
    ('key', 'shape', 'first'),
    [
        ('conv.weight', (4, 3, 2, 2), 0.7190893888),
        ('bn.weight', (5,), 0.8853709102),
        ('bn.gamma', (5,), 0.9523014426),
        ('bn.running_var', (5,), 1.3323060274),
        ('bn.moving_variance', (5,), 0.6397798061),
        ('conv.bias', (5,), -0.0389438160),
    ],
)
def test_a_weight_is_its_name_and_shape(key, shape, first):
    value = recipe.weight(key, shape, seed=3)
    assert (value.dtype, value.shape) == (np.float32, shape)
    assert float(value.flat[0]) == pytest.approx(first, rel=1e-6)


def test_counter_picture_and_label():
    assert recipe.weight('num_batches_tracked', ()).dtype == np.int64
    assert recipe.label((1, 2, 4), 5, 255, seed=1).tolist() == [[[2, 0, 1, 255], [0, 255, 0, 3]]]
    assert recipe.image((1, 1, 1, 2), 4).ravel() == pytest.approx([0.4412274957, -0.3308701515])


@pytest.mark.parametrize('shape', ['64,3,7,7 float32 x', '[64, 3, 7, 7] float32', '(64, 3, 7, 7)'])
def test_key_lists_of_every_system(tmp_path, shape):
    path = tmp_path / 'keys.txt'
    path.write_text(f'a.weight\t{shape}\nb\t(5,)\tf\nc scalar int64\nd []\n', encoding='utf-8')
    found = recipe.read_keys(path)
    assert found == {'a.weight': (64, 3, 7, 7), 'b': (5,), 'c': (), 'd': ()}


def test_counts_of_the_reference_key_lists(golden):
    counts = {
        file: len(recipe.read_keys(golden / f'{file}.txt'))
        for file in ('composer/keys_v3plus_r101', 'detectron2/keys_v3plus',
                     'deeplab_pytorch/keys_v3plus_msc', 'mindcv/keys_deeplabv3plus_r101')
    }  # fmt: skip
    assert list(counts.values()) == [710, 688, 680, 566]
