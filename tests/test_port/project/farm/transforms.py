import numpy as np
from mmcv.transforms import BaseTransform
from mmseg.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomHaze(BaseTransform):
    def __init__(self, prob=0.5, strength=0.3):
        self.prob = prob
        self.strength = strength

    def transform(self, results):
        if np.random.rand() < self.prob:
            hazy = results['img'] * (1 - self.strength) + 255 * self.strength
            results['img'] = hazy.astype(np.uint8)
        return results
