"""Start weights from ``init_cfg``, without MMEngine's log of every parameter."""

from __future__ import annotations

from os import PathLike

from mmengine.model import BaseModule
from mmengine.model.weight_init import PretrainedInit, initialize

from mmseg_deeplab.models.utils.pretrained import load_pretrained
from mmseg_deeplab.utils.errors import ConfigError, ConfigTypeError


class SegModule(BaseModule):
    """A module whose constructor gives usable weights and whose ``init_cfg`` may change them.

    ``init_weights`` applies, in this order: the other initialisers of ``init_cfg``, the
    ``init_weights`` of the children, and weights from files (``type='Pretrained'``).

    Args:
        init_cfg: One initialiser or a list of them, each with a ``type`` that MMEngine knows.
    """

    def init_weights(self) -> None:
        """Apply ``init_cfg`` here and below.

        Raises:
            CheckpointError: A pretrained file is missing, unsafe or does not fit.
            ConfigError: An initialiser is not a dict with a ``type``.
        """
        files, others = [], []
        for cfg in _as_list(self.init_cfg):
            from_file = cfg['type'] in ('Pretrained', PretrainedInit)
            (files if from_file else others).append(cfg)
        initialize(self, others)
        for child in self.children():
            if hasattr(child, 'init_weights'):
                child.init_weights()
        for cfg in files:
            load_pretrained(
                self,
                cfg['checkpoint'],
                prefix=cfg.get('prefix'),
                first_conv=cfg.get('first_conv'),
            )
        self.is_init = True


def _as_list(init_cfg: dict | list[dict] | None) -> list[dict]:
    cfgs = init_cfg if isinstance(init_cfg, (list, tuple)) else [init_cfg] if init_cfg else []
    for cfg in cfgs:
        if not isinstance(cfg, dict) or 'type' not in cfg:
            raise ConfigError(f"init_cfg must be a dict with a 'type' or a list of such, got {cfg}")
    return list(cfgs)


def pretrained_cfg(
    pretrained: str | None, init_cfg: dict | list[dict] | None
) -> dict | list | None:
    """The ``init_cfg`` that the older argument ``pretrained`` stands for.

    Args:
        pretrained: Path or name of a weight file, or None.
        init_cfg: The newer argument; at most one of the two may be given.

    Raises:
        ConfigTypeError: ``pretrained`` is neither a name nor a path.
        ConfigError: Both are given.
    """
    if pretrained is None:
        return init_cfg
    if not isinstance(pretrained, (str, PathLike)):
        raise ConfigTypeError(
            f'pretrained must be a path or name of a weight file or None, got {pretrained!r}'
        )
    if init_cfg is not None:
        raise ConfigError(
            f'pretrained={pretrained!r} and init_cfg must not both be given; '
            "keep init_cfg=dict(type='Pretrained', checkpoint=...) and set pretrained=None"
        )
    return {'type': 'Pretrained', 'checkpoint': pretrained}
