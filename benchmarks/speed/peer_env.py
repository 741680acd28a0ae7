"""Make the virtual environment of the peer, MMSegmentation 1.2.2, below the checkout.

Usage: python benchmarks/speed/peer_env.py [FOLDER]

Its packages come from where pip is configured to look. mmcv's compiled operations are not built:
no DeepLab model calls them, and `benchmarks/parity/mmcv_ops_stub.py` stands in for their import.
torch is the version of this project's own environment, so that both sides have the same.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (  # exact where a later version does not fit MMSegmentation 1.2.2
    'mmengine==0.10.7', 'mmcv-lite==2.1.0', 'ftfy', 'regex', 'prettytable', 'packaging', 'scipy',
    'matplotlib',
)  # fmt: skip
PEER = 'mmsegmentation==1.2.2'  # without its dependencies: it asks for a compiled mmcv
CHECK = (
    'from benchmarks.parity import mmcv_ops_stub; mmcv_ops_stub.install(); '
    'import mmseg.apis; print(mmseg.__version__)'
)


def main() -> int:
    """Create or complete the environment; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder', nargs='?', type=Path, default=ROOT / '.venv-peer')
    folder = parser.parse_args().folder.resolve()
    python = folder / ('Scripts/python.exe' if os.name == 'nt' else 'bin/python')
    if not python.is_file():
        venv.create(folder, with_pip=True)
    if works(python):
        return 0
    try:
        for arguments in (torch_of_ours(), list(PACKAGES), ['--no-deps', PEER]):
            print('+ pip install ' + ' '.join(arguments), flush=True)
            command = [str(python), '-m', 'pip', 'install', '-q', '--disable-pip-version-check']
            subprocess.run([*command, *arguments], check=True, cwd=ROOT)
    except subprocess.CalledProcessError as error:
        print(
            f'error: the installation stopped (exit code {error.returncode}); give the '
            'interpreter of an environment with MMSegmentation 1.2.2: make bench PEER=PYTHON'
        )
        return 1
    if not works(python):
        print(f'error: {folder} is there, but mmseg.apis cannot be imported in it')
        return 1
    return 0


def works(python: Path) -> bool:
    """Whether the peer can be imported by an interpreter."""
    run = subprocess.run([python, '-W', 'ignore', '-c', CHECK], capture_output=True, cwd=ROOT)
    return run.returncode == 0


def torch_of_ours() -> list[str]:
    """pip arguments for the torch of this project's environment, of the same build."""
    path = ROOT / 'tools' / 'make_env.py'
    spec = importlib.util.spec_from_file_location('make_env', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.torch_arguments()


if __name__ == '__main__':
    sys.exit(main())
