"""Which arguments a constructor takes, through its bases."""

from __future__ import annotations

from functools import partial

import torch
from torch import nn

from mmseg_deeplab.config.signatures import accepted_arguments, required_arguments


class Base(nn.Module):
    def __init__(self, a, b=1):
        super().__init__()


class Middle(Base):
    def __init__(self, *, c=2, **kwargs):
        super().__init__(**kwargs)


class Bottom(Middle):
    def __init__(self, d, **options):
        self.e = options.pop('e', None)
        self.f = options['f']
        super().__init__(**options)


class Swallows(nn.Module):
    def __init__(self, a, **kwargs):
        super().__init__()


class Anything:
    def __init__(self, **kwargs):
        self.kwargs = kwargs


class Inherits(Bottom):
    pass


def function(a, *, b=1):
    """One that is called by its name in a config."""


def open_function(**anything):
    """One that takes whatever comes."""


def test_bases_are_followed_while_there_are_kwargs():
    assert accepted_arguments(Base) == ({'a', 'b'}, False)
    assert accepted_arguments(Middle) == ({'a', 'b', 'c'}, False)
    assert accepted_arguments(Bottom) == accepted_arguments(Inherits) == (set('abcdef'), False)


def test_a_module_that_swallows_takes_only_what_it_names():
    """Its base class refuses the rest when it is built."""
    assert accepted_arguments(Swallows) == ({'a'}, False)


def test_no_limit_where_none_can_be_known():
    assert accepted_arguments(Anything) == (set(), True)
    assert accepted_arguments(open_function) == (set(), True)


def test_functions_and_partials_and_torch():
    assert accepted_arguments(function) == ({'a', 'b'}, False)
    assert accepted_arguments(partial(function, b=2)) == ({'a', 'b'}, False)
    assert {'lr', 'momentum'} <= accepted_arguments(torch.optim.SGD).names
    assert required_arguments(Bottom) - {'self'} == {'d'}
    assert required_arguments(function) == {'a'}
