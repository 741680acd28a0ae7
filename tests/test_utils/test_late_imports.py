"""What MMEngine imports for hardly anybody comes late, and comes whole."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ('sympy', 'torch.distributed.fsdp', 'torch.distributed.optim')
ALL = """
import sys
import mmseg_deeplab.cli.main, mmseg_deeplab.engine, mmseg_deeplab.models, mmseg_deeplab.datasets
import mmseg_deeplab.apis.testing, mmseg_deeplab.apis.training, mmseg_deeplab.apis.inference
print([name for name in {heavy} if name in sys.modules])
"""
USED = """
import os, torch
from torch import nn
import mmseg_deeplab.engine
from mmengine.model import is_model_wrapper
from mmengine.registry import MODEL_WRAPPERS, OPTIMIZERS
torch.distributed.init_process_group('gloo', init_method='file://{file}', rank=0, world_size=1)
weights = [nn.Parameter(torch.ones(2))]
made = OPTIMIZERS.build(dict(
    type='ZeroRedundancyOptimizer', params=weights, optimizer_type='SGD', lr=0.5))
weights[0].grad = torch.ones(2)
made.step()
import mmengine.optim
from torch.distributed.optim import ZeroRedundancyOptimizer
assert isinstance(made, ZeroRedundancyOptimizer)
assert type(made) is mmengine.optim.ZeroRedundancyOptimizer
assert OPTIMIZERS.get('ZeroRedundancyOptimizer') is type(made)
again = mmengine.optim.ZeroRedundancyOptimizer(weights, optimizer_type='Adam', lr=0.5)
assert type(again) is type(made)
assert not is_model_wrapper(nn.Linear(1, 1))
stand_in = MODEL_WRAPPERS.get('MMFullyShardedDataParallel')
try:
    stand_in(nn.Linear(1, 1), no_such_option=1)
except TypeError as error:
    print('real:', error)
from torch.distributed.fsdp import FullyShardedDataParallel
real = MODEL_WRAPPERS.get('MMFullyShardedDataParallel')
assert issubclass(real, FullyShardedDataParallel) and real is not stand_in
print(weights[0].tolist())
"""
FROM_CONFIG = """
import torch
from torch import nn
import mmseg_deeplab.engine
from mmengine.optim import build_optim_wrapper
torch.distributed.init_process_group('gloo', init_method='file://{file}', rank=0, world_size=1)
model = nn.Linear(1, 1, bias=False)
made = build_optim_wrapper(model, dict(
    optimizer=dict(type='ZeroRedundancyOptimizer', optimizer_type='SGD', lr=0.5)))
from torch.distributed.optim import ZeroRedundancyOptimizer
assert isinstance(made.optimizer, ZeroRedundancyOptimizer)
print('made')
"""
OTHERWISE = """
import mmseg_deeplab.engine
from mmengine.model import MMFullyShardedDataParallel as Early
from torch import nn
assert not isinstance(nn.Linear(1, 1), Early) and not issubclass(nn.Linear, Early)

class Mine(Early):
    own = 3

from torch.distributed.fsdp import FullyShardedDataParallel
assert issubclass(Mine, FullyShardedDataParallel) and issubclass(Mine, Early) and Mine.own == 3
from mmengine._strategy.fsdp import FSDP_CONFIGS
print(type(FSDP_CONFIGS).__name__)
"""
BEFORE = """
import mmengine.optim
from torch.distributed.optim import ZeroRedundancyOptimizer
import mmseg_deeplab.engine
assert issubclass(mmengine.optim.ZeroRedundancyOptimizer, ZeroRedundancyOptimizer)
print('kept')
"""


def run(code: str) -> str:
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_nothing_of_ours_needs_them():
    assert run(ALL.format(heavy=HEAVY)).strip() == '[]'


@pytest.mark.slow
def test_used_they_are_the_real_ones(tmp_path):
    said = run(USED.format(file=tmp_path / 'store')).splitlines()
    assert said[-1] == '[0.5, 0.5]'
    assert said[-2].startswith('real:') and 'no_such_option' in said[-2]


@pytest.mark.slow
def test_a_config_may_name_them(tmp_path):
    assert run(FROM_CONFIG.format(file=tmp_path / 'store')).strip() == 'made'


@pytest.mark.slow
def test_derived_classes_and_other_names_are_the_real_ones():
    assert run(OTHERWISE).strip() == 'Registry'


@pytest.mark.slow
def test_what_was_imported_before_stays():
    assert run(BEFORE).strip() == 'kept'
