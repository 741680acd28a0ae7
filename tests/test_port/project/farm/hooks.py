import json
import os

from mmengine.hooks import Hook
from mmseg.registry import HOOKS


@HOOKS.register_module()
class CountHook(Hook):
    def __init__(self, file_name='count.json'):
        self.file_name = file_name
        self.losses = []

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.losses.append(outputs['loss'].item())

    def after_train(self, runner):
        with open(os.path.join(runner.work_dir, self.file_name), 'w') as file:
            json.dump(self.losses, file)
