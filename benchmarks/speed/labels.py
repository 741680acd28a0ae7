"""Coloured label files to ids: the converters of Potsdam, Vaihingen and iSAID."""

from __future__ import annotations

import importlib.util
import re
import shutil
from itertools import takewhile
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from benchmarks.speed import inputs
from benchmarks.speed.side import Side, Work

_PEERS_DEFAULTS = {'clip_size': 512, 'stride_size': 256}


def prepare_inputs(folder: Path, params: dict[str, Any], packages: tuple[str, ...]) -> None:
    """Draw the label files; the tile is chosen by ``name``."""
    inputs.label_files(folder, params['name'], params['side'])


def potsdam(side: Side, folder: Path, params: dict[str, Any], server: Any) -> Work:
    """One label file to its crops, written."""
    return _tile(side, folder, {**params, 'name': 'potsdam', 'kind': '_label'})


def vaihingen(side: Side, folder: Path, params: dict[str, Any], server: Any) -> Work:
    """The same for a smaller tile."""
    return _tile(side, folder, {**params, 'name': 'vaihingen', 'kind': '_noBoundary'})


def isaid(side: Side, folder: Path, params: dict[str, Any], server: Any) -> Work:
    """Colours (H, W, 3) in memory to ids (H, W)."""
    import cv2
    import torch

    path = inputs.label_files(folder, 'isaid', params['side']) / 'label.png'
    colours = cv2.imread(str(path))[:, :, ::-1].copy()
    if side.is_peer:
        function = _peers_script('isaid').iSAID_convert_from_color
    else:
        from mmseg_deeplab.datasets.prepare.isaid import label_ids

        def function(rgb: Any) -> Any:
            return label_ids(rgb, 'label')

    last: list[Any] = []

    def run() -> None:
        last.clear()
        last.append(function(colours))

    return Work(run, lambda: {'ids': torch.from_numpy(last[0].astype('uint8'))})


def _tile(side: Side, folder: Path, params: dict[str, Any]) -> Work:
    name = params['name']
    source = inputs.label_files(folder, name, params['side'])
    out = folder / f'crops-{name}-{side.package}'
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    run = _peers_tile(source, out, params) if side.is_peer else _our_tile(source, out, name)
    return Work(run, lambda: _read_crops(out))


def _peers_tile(source: Path, out: Path, params: dict[str, Any]) -> Any:
    script = _peers_script(params['name'])
    (path,) = source.glob(f'*{params["kind"]}.tif')
    defaults = SimpleNamespace(**_PEERS_DEFAULTS)
    if params['name'] == 'vaihingen':
        script.args = defaults  # it reads a global that only its own `main` sets
        return lambda: script.clip_big_image(str(path), str(out), to_label=True)
    return lambda: script.clip_big_image(str(path), str(out), defaults, to_label=True)


def _our_tile(source: Path, out: Path, name: str) -> Any:
    from importlib import import_module

    plan = import_module(f'mmseg_deeplab.datasets.prepare.{name}').plan(source, out)
    (job,) = plan.jobs

    def run() -> None:
        made = job.make(lambda message: None)
        labels = takewhile(lambda output: output.path.startswith('ann_dir'), made)
        count = sum(number for key, number in job.count().items() if key.startswith('ann_dir'))
        for _, output in zip(range(count), labels, strict=False):  # not on to the image
            (out / Path(output.path).name).write_bytes(output.content)

    return run


def _read_crops(out: Path) -> dict[str, Any]:
    """The crops by their place in the tile."""
    import cv2
    import torch

    found = {}
    for path in sorted(out.glob('*.png')):
        place = re.search(r'(\d+_\d+_\d+_\d+)\.png$', path.name)[1]
        found[place] = torch.from_numpy(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))
    return found


def _peers_script(name: str) -> ModuleType:
    """A converter of the peer's, which lies inside its wheel and outside its package."""
    package = importlib.util.find_spec('mmseg')
    place = Path(package.origin).parent / '.mim' / 'tools' / 'dataset_converters' / f'{name}.py'
    spec = importlib.util.spec_from_file_location(f'peer_{name}', place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
