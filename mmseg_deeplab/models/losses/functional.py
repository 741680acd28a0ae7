"""Losses as pure functions: what a pixel costs, which pixels count, how they are averaged.

Legend of shapes: N batch, K classes, H, W image.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

REDUCTIONS = ('none', 'mean', 'sum')
_EPS = torch.finfo(torch.float32).eps  # keeps an average over no pixel at zero


def reduce_loss(
    loss: Tensor,
    *,
    weight: Tensor | None = None,
    reduction: str = 'mean',
    avg_factor: Tensor | float | None = None,
) -> Tensor:
    """Weigh the elements of a loss and reduce them.

    Args:
        loss: Any shape.
        weight: Factor of each element, of a shape that broadcasts to the loss.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        avg_factor: What ``'mean'`` divides the sum by; None is the number of elements.

    Returns:
        A scalar, or the weighted loss for ``'none'``.

    Raises:
        ValueError: ``avg_factor`` together with ``'sum'``.
    """
    if weight is not None:
        loss = loss * weight
    if reduction == 'none':
        return loss
    if reduction == 'sum':
        if avg_factor is not None:
            raise ValueError("avg_factor must not be given with reduction 'sum'; use 'mean'")
        return loss.sum()
    return loss.mean() if avg_factor is None else loss.sum() / (avg_factor + _EPS)


def one_hot_labels(labels: Tensor, num_classes: int, ignore_index: int) -> tuple[Tensor, Tensor]:
    """Labels as one map per class, and which pixels count.

    Args:
        labels: (N, H, W) int64.
        num_classes: K; with 1, the one map is the foreground, where the label is 1.
        ignore_index: Label that does not count.

    Returns:
        (N, K, H, W) bool, False where ignored, and (N, H, W) bool, False where ignored.
    """
    valid = (labels != ignore_index) & (labels >= 0)
    first = 1 if num_classes == 1 else 0
    classes = torch.arange(first, first + num_classes, device=labels.device)
    is_class = labels.unsqueeze(1) == classes.view(1, -1, 1, 1)
    return is_class & valid.unsqueeze(1), valid


def softmax_cross_entropy(
    logits: Tensor,
    labels: Tensor,
    *,
    weight: Tensor | None = None,
    class_weight: Tensor | None = None,
    reduction: str = 'mean',
    avg_factor: Tensor | float | None = None,
    ignore_index: int = 255,
    avg_non_ignore: bool = False,
) -> Tensor:
    """Cross entropy of each pixel's softmax.

    The mean divides by: ``avg_factor`` if given; else, with ``class_weight``, the sum of the
    class weights of the pixels that count; else the number of pixels, ignored ones included
    unless ``avg_non_ignore``.

    Args:
        logits: (N, K, H, W).
        labels: (N, H, W) int64 in 0..K-1 or ``ignore_index``.
        weight: (N, H, W) factor of each pixel.
        class_weight: (K,) factor of each class.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        avg_factor: Overrides what the mean divides by.
        ignore_index: Label whose pixels cost nothing.
        avg_non_ignore: Do not count ignored pixels in the mean.

    Returns:
        A scalar, or (N, H, W) for ``'none'``.
    """
    loss = F.cross_entropy(
        logits, labels, weight=class_weight, reduction='none', ignore_index=ignore_index
    )
    if reduction == 'mean' and avg_factor is None:
        valid = labels != ignore_index
        if class_weight is not None:
            avg_factor = (class_weight[torch.where(valid, labels, 0)] * valid).sum()
        else:
            avg_factor = valid.sum() if avg_non_ignore else labels.numel()
    return reduce_loss(loss, weight=weight, reduction=reduction, avg_factor=avg_factor)


def sigmoid_cross_entropy(
    logits: Tensor,
    labels: Tensor,
    *,
    weight: Tensor | None = None,
    class_weight: Tensor | None = None,
    reduction: str = 'mean',
    avg_factor: Tensor | float | None = None,
    ignore_index: int = 255,
    avg_non_ignore: bool = False,
) -> Tensor:
    """Binary cross entropy of each class on its own, against all others.

    The mean is over pixels and classes; ignored pixels count in it unless ``avg_non_ignore``.

    Args:
        logits: (N, K, H, W); with K = 1 the labels are 0 and 1.
        labels: (N, H, W) int64 or ``ignore_index``.
        weight: (N, H, W) factor of each pixel.
        class_weight: (K,) factor of each class's positive pixels.
        reduction: ``'none'``, ``'mean'`` or ``'sum'``.
        avg_factor: Overrides what the mean divides by.
        ignore_index: Label whose pixels cost nothing.
        avg_non_ignore: Do not count ignored pixels in the mean.

    Returns:
        A scalar, or (N, K, H, W) for ``'none'``.
    """
    num_classes = logits.shape[1]
    target, valid = one_hot_labels(labels, num_classes, ignore_index)
    positive = None if class_weight is None else class_weight.view(-1, 1, 1)
    loss = F.binary_cross_entropy_with_logits(
        logits, target.to(logits), pos_weight=positive, reduction='none'
    )
    pixels = valid if weight is None else valid * weight
    if avg_non_ignore and avg_factor is None and reduction == 'mean':
        avg_factor = valid.sum() * num_classes
    return reduce_loss(loss, weight=pixels.unsqueeze(1), reduction=reduction, avg_factor=avg_factor)


def dice_loss(
    probabilities: Tensor,
    target: Tensor,
    *,
    pixel_weight: Tensor,
    naive: bool = False,
    eps: float = 1e-3,
) -> Tensor:
    """One minus the Dice coefficient of each image, over all its classes at once.

    Args:
        probabilities: (N, K, H, W) in 0..1.
        target: (N, K, H, W) one-hot.
        pixel_weight: (N, H, W), zero where ignored.
        naive: Sums in the denominator instead of sums of squares (V-Net, arXiv:1606.04797).
        eps: Keeps the quotient finite.

    Returns:
        (N,).
    """
    pixel_weight = pixel_weight.unsqueeze(1)
    probabilities = (probabilities * pixel_weight).flatten(1)
    target = (target * pixel_weight).flatten(1)
    overlap = (probabilities * target).sum(1)
    if naive:
        return 1 - (2 * overlap + eps) / (probabilities.sum(1) + target.sum(1) + eps)
    squares = probabilities.square().sum(1) + eps + target.square().sum(1) + eps
    return 1 - 2 * overlap / squares


def sigmoid_focal_loss(
    logits: Tensor, target: Tensor, *, gamma: float, alpha: Tensor | float
) -> Tensor:
    """Binary cross entropy that forgets what is already right (arXiv:1708.02002, equation 5).

    Args:
        logits: (N, K, H, W).
        target: (N, K, H, W) one-hot, of the logits' dtype.
        gamma: How fast well-classified pixels lose weight, 0 or more.
        alpha: Weight of positives against negatives in 0..1, a number or (K, 1, 1).

    Returns:
        (N, K, H, W).
    """
    probability = logits.sigmoid()
    miss = (1 - probability) * target + probability * (1 - target)
    balance = alpha * target + (1 - alpha) * (1 - target)
    entropy = F.binary_cross_entropy_with_logits(logits, target, reduction='none')
    return entropy * balance * miss.pow(gamma)


def lovasz_gradient(truth: Tensor) -> Tensor:
    """Slope of the Jaccard loss's convex extension (arXiv:1705.08790, algorithm 1).

    Args:
        truth: (P,) 1 where the pixel is of the class, in the order of falling error.

    Returns:
        (P,) factor of each error.
    """
    total = truth.sum()
    intersection = total - truth.cumsum(0)
    union = total + (1 - truth).cumsum(0)
    jaccard = 1 - intersection / union
    return torch.diff(jaccard, prepend=jaccard.new_zeros(1))


def lovasz_hinge(logits: Tensor, labels: Tensor) -> Tensor:
    """Lovasz hinge of a binary map (arXiv:1705.08790, section 3).

    Args:
        logits: (P,) one per pixel that counts.
        labels: (P,) 0 or 1.

    Returns:
        A scalar; zero without pixels.
    """
    if labels.numel() == 0:
        return logits.sum() * 0
    truth = labels.to(logits)
    errors, order = torch.sort(1 - logits * (2 * truth - 1), descending=True)
    return torch.dot(F.relu(errors), lovasz_gradient(truth[order]))


def lovasz_softmax(
    probabilities: Tensor,
    labels: Tensor,
    *,
    classes: str | list[int] = 'present',
    class_weight: Tensor | None = None,
) -> Tensor:
    """Lovasz-Softmax: a surrogate of mean IoU (arXiv:1705.08790, section 3).

    Args:
        probabilities: (P, K) in 0..1, one row per pixel that counts.
        labels: (P,) int64 in 0..K-1.
        classes: ``'present'`` averages over the classes in ``labels``, ``'all'`` over all, a
            list over its own.
        class_weight: (K,) factor of each class.

    Returns:
        A scalar; zero without pixels.
    """
    if labels.numel() == 0:
        return probabilities.sum() * 0
    everything = range(probabilities.shape[1])
    losses = []
    for index in everything if isinstance(classes, str) else classes:
        truth = (labels == index).to(probabilities)
        if classes == 'present' and truth.sum() == 0:
            continue
        errors, order = torch.sort((truth - probabilities[:, index]).abs(), descending=True)
        loss = torch.dot(errors, lovasz_gradient(truth[order]))
        losses.append(loss if class_weight is None else loss * class_weight[index])
    return torch.stack(losses).mean()
