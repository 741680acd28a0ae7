"""Losses pixel by pixel in plain Python: slow, and plainly right."""

from __future__ import annotations

import math

IGNORE = 255


def pixels(logits, labels):
    """(list of K logits, label) of every pixel that counts."""
    count, classes, height, width = logits.shape
    for n in range(count):
        for y in range(height):
            for x in range(width):
                label = int(labels[n, y, x])
                if label != IGNORE:
                    yield [float(logits[n, k, y, x]) for k in range(classes)], label


def softmax_loss(scores, label):
    return math.log(sum(math.exp(s) for s in scores)) - scores[label]


def sigmoid(score):
    return 1 / (1 + math.exp(-score))


def binary_loss(score, is_class, positive_weight=1.0):
    probability = sigmoid(score)
    if is_class:
        return -positive_weight * math.log(probability)
    return -math.log(1 - probability)


def focal_loss(score, is_class, gamma, alpha):
    probability = sigmoid(score)
    if is_class:
        return -alpha * (1 - probability) ** gamma * math.log(probability)
    return -(1 - alpha) * probability**gamma * math.log(1 - probability)


def jaccard_loss(wrong, truth):
    """1 - intersection / union of the truth and the truth with the ``wrong`` pixels flipped."""
    kept = sum(t and i not in wrong for i, t in enumerate(truth))
    union = sum(bool(t) or i in wrong for i, t in enumerate(truth))
    return 1 - kept / union if union else 0.0


def lovasz_extension(errors, truth):
    """Definition 1 of arXiv:1705.08790: a sum of gains over the falling errors."""
    order = sorted(range(len(errors)), key=lambda i: -errors[i])
    total, before, chosen = 0.0, 0.0, set()
    for i in order:
        chosen.add(i)
        now = jaccard_loss(chosen, truth)
        total += errors[i] * (now - before)
        before = now
    return total
