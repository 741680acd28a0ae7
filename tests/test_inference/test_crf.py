"""The dense CRF: the exact form by brute force, the fast one beside it, bad input, threads."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from mmseg_deeplab.inference import DenseCRF, in_order
from mmseg_deeplab.inference.crf.lattice import PermutohedralLattice
from mmseg_deeplab.utils.errors import ConfigError, DataError


def scene(height=9, width=7, classes=3, seed=0):
    """An image of two flat halves with a little noise, and unsure probabilities."""
    random = np.random.default_rng(seed)
    image = np.full((height, width, 3), 60, dtype=np.uint8)
    image[:, width // 2 :] = 200
    image += random.integers(0, 4, image.shape, dtype=np.uint8)
    scores = random.normal(size=(classes, height, width))
    scores[0, :, : width // 2] += 1
    scores[1, :, width // 2 :] += 1
    return image, torch.tensor(scores).softmax(dim=0).numpy()


def by_hand(image, given, crf):
    """Mean field, pixel by pixel."""
    height, width = image.shape[:2]
    pixels = [(y, x) for y in range(height) for x in range(width)]

    def kernel(distance):
        full = np.array([[np.exp(-0.5 * distance(a, b)) for b in pixels] for a in pixels])
        norm = full.sum(axis=1)
        return full / np.sqrt(norm[:, None] * norm)

    def near(a, b, std):
        return ((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) / std**2

    def alike(a, b):
        difference = image[a].astype(float) - image[b]
        return near(a, b, crf.bi_xy_std) + (difference**2).sum() / crf.bi_rgb_std**2

    smooth, bilateral = kernel(lambda a, b: near(a, b, crf.pos_xy_std)), kernel(alike)
    known = np.log(np.clip(given.reshape(len(given), -1), 1e-5, 1))
    scores = known
    for _ in range(crf.iter_max + 1):
        beliefs = np.exp(scores - scores.max(axis=0))
        beliefs /= beliefs.sum(axis=0)
        messages = crf.pos_w * beliefs @ smooth + crf.bi_w * beliefs @ bilateral
        scores = known + messages
    return beliefs.reshape(given.shape)


@pytest.mark.parametrize('kept', [True, False])
def test_exact_form_by_hand(kept, monkeypatch):
    monkeypatch.setattr('mmseg_deeplab.inference.crf.terms._BLOCK_BYTES', 5000)  # ten rows
    if not kept:
        monkeypatch.setattr('mmseg_deeplab.inference.crf.terms._KEPT_BYTES', 0)
    image, given = scene()
    given[:, 0, 0] = (1, 0, 0)  # a sure pixel: its zeros become 1e-5
    crf = DenseCRF(iter_max=3, pos_w=2, pos_xy_std=1.5, bi_w=5, bi_xy_std=4, bi_rgb_std=6,
                   exact=True)  # fmt: skip
    found = crf(image, given)
    assert found.dtype == np.float64 and found.shape == (3, 9, 7)
    assert np.abs(found - by_hand(image, given, crf)).max() < 1e-12


def test_exact_form_is_the_reference(golden):
    reference = np.load(golden / 'deeplab_pytorch' / 'crf.npz')
    image, given = reference['synthetic_image'], reference['synthetic_prob']
    assert np.abs(DenseCRF(exact=True)(image, given) - reference['synthetic_q']).max() < 1e-9
    for name, changed in (
        ('q1', dict(iter_max=1)),
        ('q_gaussian_only', dict(bi_w=0)),
    ):
        found = DenseCRF(exact=True, **changed)(image, given)
        assert np.abs(found - reference[f'synthetic_{name}']).max() < 1e-7  # stored as float32


@pytest.mark.parametrize('name', ['synthetic', 'photo'])
def test_fast_form_is_near_the_reference_and_the_library(golden, name):
    exact = np.load(golden / 'deeplab_pytorch' / 'crf.npz')
    library = np.load(golden / 'deeplab_pytorch' / 'crf_library.npz')
    found = DenseCRF()(exact[f'{name}_image'], exact[f'{name}_prob'])
    assert found.dtype == np.float32
    labels = found.argmax(axis=0)
    assert (labels == exact[f'{name}_label']).mean() > 0.995
    assert np.abs(found - exact[f'{name}_q']).mean() < 0.002
    assert (labels == library[f'{name}_label']).mean() > 0.999
    assert np.abs(found - library[f'{name}_q']).mean() < 0.0005


@pytest.mark.slow
@pytest.mark.parametrize('name', ['2011_000003', '2011_000025'])
def test_forms_agree_on_photos(data_root, name):
    """The bar: 99 % of the labels at 96 x 96, on photos with a network's coarse output."""
    from PIL import Image

    from benchmarks.systems.crf import coarse

    folder = data_root / 'voc_sample'
    image = Image.open(folder / 'JPEGImages' / f'{name}.jpg').resize((96, 96), Image.BOX)
    label = Image.open(folder / 'SegmentationClass' / f'{name}.png').resize((96, 96), Image.NEAREST)
    given = coarse(np.array(label), 21, stride=4)
    exact = DenseCRF(exact=True)(np.array(image), given).argmax(axis=0)
    fast = DenseCRF()(np.array(image), given).argmax(axis=0)
    assert (exact != given.argmax(axis=0)).mean() > 0.01  # it does something
    assert (exact == fast).mean() >= 0.99


def test_fast_gaussian_is_exact_in_float32():
    image, given = scene(24, 17)
    settings = dict(iter_max=4, bi_w=0, pos_xy_std=2)
    found = DenseCRF(**settings)(image, given)
    assert np.abs(found - DenseCRF(**settings, exact=True)(image, given)).max() < 1e-5


def test_lattice_spreads_what_it_gets():
    """Where points lie densely the filter is nearly a Gaussian of unit variance."""
    places = np.arange(0, 60, 0.05)
    lattice = PermutohedralLattice(places[None])
    middle = torch.zeros(len(places), 1)
    middle[len(places) // 2] = 1
    spread = lattice.filter(middle)[:, 0].double().numpy()
    spread /= spread.sum()
    mean = (spread * places).sum()
    assert mean == pytest.approx(places[len(places) // 2], abs=0.05)
    assert (spread * (places - mean) ** 2).sum() == pytest.approx(1, abs=0.2)
    grid = np.mgrid[:4:0.2, :4:0.2].reshape(2, -1)
    lattice = PermutohedralLattice(grid)
    one = torch.zeros(400, 1)
    one[210] = 1
    spread = lattice.filter(one)[:, 0].numpy()
    gaussian = np.exp(-0.5 * ((grid - grid[:, 210:211]) ** 2).sum(axis=0))
    assert np.corrcoef(spread, gaussian)[0, 1] > 0.98
    factors = torch.rand(400)
    lattice.scale(factors)
    scaled = lattice.filter(one)[:, 0].numpy()
    assert np.allclose(scaled, spread * (factors * factors[210]).numpy(), atol=1e-7)


def test_lattice_in_parts_is_the_whole(monkeypatch):
    points = np.random.default_rng(1).random((5, 40)) * 2
    values = torch.randn(40, 21)
    whole = PermutohedralLattice(points).filter(values)
    monkeypatch.setattr('mmseg_deeplab.inference.crf.lattice._PART_BYTES', 1)
    assert torch.allclose(PermutohedralLattice(points).filter(values), whole, atol=1e-6)


def test_no_steps_give_the_clipped_probabilities_and_inputs_stay():
    image, given = scene()
    before = image.copy(), given.copy()
    for exact in (False, True):
        found = DenseCRF(iter_max=0, exact=exact)(image, torch.from_numpy(given))
        assert np.allclose(found, given, atol=1e-6)
        DenseCRF(iter_max=1, exact=exact)(image, given)
    assert np.array_equal(before[0], image) and np.array_equal(before[1], given)


def test_one_row_one_colour_and_many_classes():
    image = np.zeros((1, 5, 3), dtype=np.uint8)
    given = np.full((40, 1, 5), 1 / 40)
    for exact in (False, True):
        assert np.allclose(DenseCRF(exact=exact)(image, given), given, atol=1e-6)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(iter_max=-1), 'crf.iter_max must be a number 0 or more, got -1'),
        (dict(iter_max=2.5), 'crf.iter_max must be a whole number'),
        (dict(bi_rgb_std=0), 'crf.bi_rgb_std must be a number above 0, got 0'),
        (dict(pos_w=float('nan')), 'crf.pos_w'),
        (dict(bi_w='4'), 'crf.bi_w'),
        (dict(pos_xy=3), "unknown key 'pos_xy'; did you mean pos_xy_std"),
    ],
)
def test_wrong_settings(change, message):
    with pytest.raises(ConfigError, match=message):
        DenseCRF.from_cfg(change)


@pytest.mark.parametrize(
    ('image', 'given', 'message'),
    [
        (np.zeros((4, 5, 3), np.float32), np.ones((2, 4, 5)), 'do not normalise'),
        (np.zeros((4, 5), np.uint8), np.ones((2, 4, 5)), r'\(H, W, 3\) uint8, got uint8 \(4, 5\)'),
        (np.zeros((4, 5, 3), np.uint8), np.ones((1, 4, 5)), '2 or more classes'),
        (np.zeros((4, 5, 3), np.uint8), np.ones((2, 1, 1)), r'\(K, 4, 5\), got \(2, 1, 1\)'),
        (np.zeros((4, 5, 3), np.uint8), np.full((2, 4, 5), -3.0), 'softmax of logits first'),
        (np.zeros((4, 5, 3), np.uint8), np.full((2, 4, 5), np.nan), 'from 0 to 1, got nan'),
    ],
)
def test_wrong_input(image, given, message):
    with pytest.raises(DataError, match=message):
        DenseCRF()(image, given)


def test_in_order_keeps_order_bounds_what_waits_and_leaves_threads_alone():
    threads = torch.get_num_threads()
    taken, gate = [], threading.Event()

    def items():
        for number in range(9):
            taken.append(number)
            yield number

    def work(number):
        if number == 0:
            gate.wait(10)  # the others are done before it
        return number, torch.get_num_threads()

    results = in_order(work, items(), jobs=2)
    threading.Timer(0.05, gate.set).start()
    assert next(results)[0] == 0 and taken == [0, 1, 2, 3]
    assert [number for number, _ in results] == [*range(1, 9)]
    assert {count for _, count in in_order(work, items(), jobs=3)} == {1}
    assert torch.get_num_threads() == threads
    assert [number for number, _ in in_order(work, items(), jobs=1)] == [*range(9)]
    with pytest.raises(ConfigError, match='1 or more, got 0'):
        in_order(work, items(), jobs=0)


def test_in_order_passes_errors_on():
    def work(number):
        if number == 3:
            raise DataError('the fourth')
        return number

    results = in_order(work, range(100), jobs=2)
    with pytest.raises(DataError, match='the fourth'):
        list(results)
