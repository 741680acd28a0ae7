"""The errors that a user can cause and mend; the command line catches these and no others.

Every class takes one string, because a data-loader worker re-raises an error in the main
process by calling its class with the message alone.
"""

from __future__ import annotations


class SegError(Exception):
    """Base of all errors that are the user's to mend: one clear message, no traceback."""


class ConfigError(SegError, ValueError, AssertionError):
    """A config, option or argument is wrong: a misspelt key, an unknown type, a missing base.

    Also an ``AssertionError``, because that is what MMSegmentation's constructors raise: a
    caller that catches it there catches this.
    """


class ConfigNotFoundError(ConfigError, FileNotFoundError):
    """There is no config file of that name."""


class ConfigKeyError(ConfigError, KeyError):
    """A config names something from a fixed list, such as a depth, that is not in it."""

    __str__ = Exception.__str__  # KeyError's own would put the message in quotes


class ConfigTypeError(ConfigError, TypeError):
    """A value in a config is of the wrong kind, such as a number where a dict is wanted."""


class ConfigAttributeError(ConfigTypeError, AttributeError):
    """An object lacks what it has to bring, such as a result that is no ``SegDataSample``."""


class DataError(SegError, ValueError):
    """A data file is missing, broken, or does not fit the data set's description."""


class DatasetNotFoundError(DataError, FileNotFoundError):
    """A data root, folder or list of files that the config names is not there or is empty."""


class BatchError(DataError, AssertionError):
    """What is given is no list of images that make a batch; MMSegmentation asserts that."""


class CheckpointError(SegError, RuntimeError):
    """A checkpoint is missing, truncated, unsafe, or does not fit the model."""


class CheckpointNotFoundError(CheckpointError, FileNotFoundError):
    """There is no checkpoint of that name."""


class TrainingError(SegError, RuntimeError):
    """Training cannot go on: the loss is not finite, a worker died, the disk is full."""


def plain_message(error: BaseException) -> str:
    """The message of an error, without the worker traceback that PyTorch wraps around it.

    Args:
        error: Any exception; if a data-loader worker raised it, its text holds
            ``Caught X in DataLoader worker process N.`` and the worker's traceback.

    Returns:
        The text that the error was first raised with.
    """
    text = str(error)
    if 'Original Traceback (most recent call last)' not in text:
        return text
    marker = f'{type(error).__name__}: '
    return text.rsplit(marker, 1)[-1].strip()
