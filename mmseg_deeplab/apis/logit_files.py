"""Test in two steps, as deeplab-pytorch does: logits to files, then a dense CRF on the files."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from math import prod
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor, nn

from mmseg_deeplab.apis.inference import init_model
from mmseg_deeplab.apis.prediction import progress_bar
from mmseg_deeplab.apis.run_config import ConfigLike, prepare
from mmseg_deeplab.datasets.audit import require_files
from mmseg_deeplab.evaluation import ConfusionMatrix, labelled_scores
from mmseg_deeplab.inference import DenseCRF, check_jobs, in_order
from mmseg_deeplab.models.utils.resize import resize
from mmseg_deeplab.registry import DATASETS
from mmseg_deeplab.utils.cores import usable_cores
from mmseg_deeplab.utils.errors import ConfigError, DataError, DatasetNotFoundError
from mmseg_deeplab.utils.files import UniqueNames, write_bytes, write_text

SCORES, CRF_SCORES = 'scores.json', 'scores_crf.json'


def test_to_files(
    config: ConfigLike,
    checkpoint: str | PathLike,
    *,
    device: str | None = None,
    cfg_options: Mapping[str, Any] | None = None,
    logits: bool = True,
) -> dict[str, Any]:
    """Score a checkpoint, and write the logits of each image.

    The logits are the head's own, small ones: ``logit_dir/IMAGE.npy``, (K, h, w) float32. The
    scores are those of the classes resized to the label, see
    :func:`~mmseg_deeplab.evaluation.labelled_scores`; ``score_dir/scores.json`` has them.
    ``logit_dir`` and ``score_dir`` stand in configs made from deeplab-pytorch's YAML files; for
    others they are ``test/logit`` and ``test`` in the work dir.

    Args:
        config: Path, name of a shipped config, ``Config`` or mapping; it is not changed.
        checkpoint: Weights, also under deeplab-pytorch's names.
        device: ``'cpu'``, ``'cuda'``; the best one present if None.
        cfg_options: Dotted keys and values that replace the config's.
        logits: Whether logits are written.

    Returns:
        What ``scores.json`` holds: fractions of 1 by name, and ``Class IoU`` by class id.

    Raises:
        SegError: The config, the data or the checkpoint is at fault.
    """
    prepared, logit_dir, score_dir = _prepared(config, cfg_options)
    dataset = _dataset(prepared)
    model = init_model(prepared, checkpoint, device)
    matrix = ConfusionMatrix(model.num_classes, model.ignore_index)
    report, names = progress_bar(len(dataset)), UniqueNames()
    for done, sample in enumerate(_samples(dataset), start=1):
        found = _logits(model, sample)
        if logits:
            _save(_place(logit_dir, names, sample['data_samples'].img_path), found.numpy())
        label = _label(sample)
        matrix.add(_resized(found, label).argmax(dim=0), label)
        report(done, len(dataset))
    return _write_scores(score_dir / SCORES, matrix)


def crf_on_files(
    config: ConfigLike,
    *,
    jobs: int | None = None,
    cfg_options: Mapping[str, Any] | None = None,
    less_mean: bool = False,
) -> dict[str, Any]:
    """Refine the logits that :func:`test_to_files` has written by a dense CRF, and score them.

    The CRF looks at the image as it is stored.

    Args:
        config: As there; its ``crf`` has the CRF's parameters.
        jobs: Images at a time; as many as there are cores if None.
        cfg_options: As there.
        less_mean: Give the CRF the image less its mean, negative values wrapped around, as
            deeplab-pytorch's own command does; its published scores were made so.

    Returns:
        What ``scores_crf.json`` holds.

    Raises:
        SegError: The config, the data or a file of logits is at fault.
    """
    check_jobs(jobs)
    prepared, logit_dir, score_dir = _prepared(config, cfg_options)
    dataset = _dataset(prepared)
    crf = DenseCRF.from_cfg(prepared.get('crf'))
    classes = int(prepared.model.decode_head.num_classes)
    matrix = ConfusionMatrix(classes)
    names = UniqueNames()
    places = [
        _place(logit_dir, names, dataset.get_data_info(index)['img_path'])
        for index in range(len(dataset))
    ]
    for path in places:  # all of them, before hours are spent on the first ones
        _check_header(path, classes)
    report = progress_bar(len(dataset))
    mean = torch.tensor(prepared.model.data_preprocessor.mean) if less_mean else None

    def refine(work: tuple[dict, Path]) -> tuple[np.ndarray, Tensor]:
        sample, path = work
        label = _label(sample)
        logits = torch.from_numpy(_load(path))
        known = _resized(logits, label).softmax(dim=0)
        return crf(_picture(sample, mean), known).argmax(axis=0), label

    work = zip(_samples(dataset), places, strict=True)
    for done, (classes_of, label) in enumerate(
        in_order(refine, work, jobs=jobs or usable_cores()), start=1
    ):
        matrix.add(classes_of, label)
        report(done, len(dataset))
    return _write_scores(score_dir / CRF_SCORES, matrix)


def _prepared(
    config: ConfigLike, cfg_options: Mapping[str, Any] | None
) -> tuple[Config, Path, Path]:
    prepared = prepare(
        config,
        work_dir=None,
        cfg_options=cfg_options,
        data_root=None,
        device=None,
        launcher='none',
    )
    if prepared.get('test_dataloader') is None:
        raise ConfigError('test_dataloader is missing in the config; testing needs it')
    folder = Path(prepared.work_dir) / 'test'
    logit_dir, score_dir = prepared.get('logit_dir'), prepared.get('score_dir')
    return prepared, Path(logit_dir or folder / 'logit'), Path(score_dir or folder)


def _dataset(config: Config) -> Any:
    dataset = DATASETS.build(config.test_dataloader.dataset)
    require_files(dataset)
    return dataset


def _samples(dataset: Any) -> Iterator[dict]:
    return (dataset[index] for index in range(len(dataset)))


@torch.no_grad()
def _logits(model: nn.Module, sample: dict) -> Tensor:
    """The head's logits of one image, (K, h, w) float32 on the CPU."""
    batch = {'inputs': [sample['inputs']], 'data_samples': [sample['data_samples']]}
    batch = model.data_preprocessor(batch, False)
    return model(batch['inputs'], batch['data_samples'], mode='tensor')[0].float().cpu()


def _resized(logits: Tensor, label: Tensor) -> Tensor:
    """Logits (K, h, w) at the label's size."""
    return resize(logits[None], label.shape, mode='bilinear', align_corners=False)[0]


def _label(sample: dict) -> Tensor:
    return sample['data_samples'].gt_sem_seg.data[0]


def _picture(sample: dict, mean: Tensor | None) -> np.ndarray:
    """The image as it is stored, or less the bands' mean, (H, W, 3) uint8."""
    bands = sample['inputs']
    if bands.shape[0] != 3:
        raise DataError(f'the CRF needs images of three bands, got {bands.shape[0]}')
    pixels = bands.float().permute(1, 2, 0)
    if mean is None:
        return pixels.round().clamp(0, 255).byte().contiguous().numpy()
    # as C turns a float into a byte: cut off what is behind the point, then wrap
    return (pixels - mean).long().remainder(256).byte().contiguous().numpy()


def _place(folder: Path, names: UniqueNames, image: str) -> Path:
    return folder / f'{names.stem(image)}.npy'


def _save(path: Path, array: np.ndarray) -> None:
    content = io.BytesIO()
    np.save(content, array)
    write_bytes(path, content.getvalue())


def _check_header(path: Path, classes: int) -> None:
    """Refuse a file of logits that is missing, cut off, or of another model."""
    try:
        with path.open('rb') as file:
            version = np.lib.format.read_magic(file)
            formats = np.lib.format
            read = (
                formats.read_array_header_1_0
                if version == (1, 0)
                else (formats.read_array_header_2_0)
            )
            shape, _, dtype = read(file)
            wanted = file.tell() + prod(shape) * dtype.itemsize
        there = path.stat().st_size
    except FileNotFoundError as error:
        raise DatasetNotFoundError(
            f'{path}: no logits of this image; run the test first, without --no-logits'
        ) from error
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f'{path}: is damaged ({error}); run the test again') from error
    if dtype.kind != 'f' or len(shape) != 3 or shape[0] != classes or 0 in shape:
        raise DataError(
            f'{path}: must hold logits of {classes} classes, (K, h, w) of floats, got {shape} of '
            f'{dtype}; they are of another model'
        )
    if there < wanted:
        raise DataError(f'{path}: is damaged ({there} bytes of {wanted}); run the test again')


def _load(path: Path) -> np.ndarray:
    array = np.load(path, allow_pickle=False)
    if not np.isfinite(array).all():
        raise DataError(f'{path}: holds logits that are no numbers (NaN); run the test again')
    return array.astype(np.float32)


def _write_scores(path: Path, matrix: ConfusionMatrix) -> dict[str, Any]:
    found = labelled_scores(matrix.total)
    scores: dict[str, Any] = {
        'Pixel Accuracy': found.pixel_accuracy,
        'Mean Accuracy': found.mean_accuracy,
        'Mean IoU': found.mean_iou,
        'Frequency Weighted IoU': found.frequency_weighted_iou,
        'Class IoU': {str(number): value for number, value in enumerate(found.iou.tolist())},
    }
    write_text(path, f'{json.dumps(_without_nan(scores), indent=4, sort_keys=True)}\n')
    return scores


def _without_nan(value: Any) -> Any:
    """JSON has no NaN; deeplab-pytorch writes it all the same, here it is null."""
    if isinstance(value, Mapping):
        return {key: _without_nan(item) for key, item in value.items()}
    return None if value != value else value


def score_lines(scores: Mapping[str, Any], note: str = '') -> list[str]:
    """The four scores in percent, as text.

    Args:
        scores: As the two functions above return them.
        note: Written behind each name.
    """
    names = [name for name in scores if name != 'Class IoU']
    return [f'{f"{name} {note}".strip():<33}{100 * scores[name]:6.2f}' for name in names]
