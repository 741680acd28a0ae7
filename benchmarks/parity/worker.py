"""One side of the comparison: measures what it is asked for, one line of JSON at a time.

Usage: python worker.py mmseg|mmseg_deeplab FOLDER
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
import warnings
from pathlib import Path

MARK = 'parity: '


def resolve_configs(folder: Path) -> None:
    """Write each case's model, as the peer's own config resolves it, to ``FOLDER/N.json``."""
    import mmseg
    from cases import MODELS
    from mmengine.config import Config
    from model_parts import adapted

    root = Path(mmseg.__file__).parent / '.mim' / 'configs'
    for index, case in enumerate(MODELS):
        model = Config.fromfile(root / f'{case.config}.py').model.to_dict()
        (folder / f'{index}.json').write_text(json.dumps(adapted(model, case)), encoding='utf-8')


def answer(side: object, request: dict, folder: Path) -> dict:
    """Measure what a request asks for and write it to a file.

    Args:
        side: The package.
        request: ``{'versions': true}``, ``{'configs': true}``, ``{'model': index}`` or
            ``{'group': name}``.
        folder: For the file.

    Returns:
        What the parent reads.
    """
    import mmengine
    import numpy
    import torch
    from cases import MODELS
    from model_parts import measure
    from other_parts import GROUPS

    if 'versions' in request:
        package = sys.modules[side.package]
        found = {side.package: package.__version__, 'torch': torch.__version__}
        return found | {'numpy': numpy.__version__, 'mmengine': mmengine.__version__}
    if 'configs' in request:
        resolve_configs(folder)
        return {}
    if 'model' in request:
        index = request['model']
        cfg = json.loads((folder / f'{index}.json').read_text(encoding='utf-8'))
        rows = measure(side, MODELS[index], cfg)
    else:
        rows = GROUPS[request['group']](side)
    path = folder / f'{side.package}.pt'
    torch.save(rows, path)
    return {'file': str(path)}


def main() -> None:
    """Answer the requests on the standard input until it ends."""
    warnings.filterwarnings('ignore')
    package, folder = sys.argv[1], Path(sys.argv[2])
    import torch
    from sides import Side

    torch.set_num_threads(1)
    side = Side(package)
    logging.disable(logging.WARNING)
    for line in sys.stdin:
        try:
            reply = answer(side, json.loads(line), folder)
        except Exception:  # the parent shows it and goes on with the next row
            reply = {'error': traceback.format_exc()}
        print(MARK + json.dumps(reply), flush=True)


if __name__ == '__main__':
    main()
