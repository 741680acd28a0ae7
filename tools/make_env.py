"""Make the virtual environment that `make demo` and `make test` use; safe to run again.

Only the standard library is used, because nothing is installed yet. Where the machine has no
NVIDIA GPU, PyTorch's CPU build is chosen: from PyTorch's own index if it answers within
seconds, else from wherever pip is configured to look.

Environment variables:
    MMSEG_DEEPLAB_TORCH  pip arguments that replace the choice of torch, for example
                         "torch==2.13.0 --index-url https://download.pytorch.org/whl/cu126"
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TORCH = 'torch==2.13.0'  # the version that the suite was run with
CPU_INDEX = 'https://download.pytorch.org/whl/cpu'
PROBE_SECONDS = 4


def index_answers(url: str) -> bool:
    """Whether the package index at ``url`` answers within a few seconds."""
    try:
        with urllib.request.urlopen(f'{url}/torch/', timeout=PROBE_SECONDS) as answer:
            return answer.status == 200
    except (OSError, urllib.error.URLError):
        return False


def torch_arguments() -> list[str]:
    """The pip arguments that get the right build of torch for this machine."""
    if chosen := os.environ.get('MMSEG_DEEPLAB_TORCH'):
        return shlex.split(chosen)
    if shutil.which('nvidia-smi') or platform.system() != 'Linux':
        return [TORCH]  # on macOS and Windows the default build is the small one
    if index_answers(CPU_INDEX):
        return [TORCH, '--index-url', CPU_INDEX]
    print("PyTorch's CPU index does not answer: torch comes from where pip is configured to look.")
    print('If that starts to fetch nvidia-* packages, stop it and set MMSEG_DEEPLAB_TORCH.')
    return [TORCH]


def fingerprint(folder: Path) -> str:
    """Changes when the Python, the place or anything that decides the installation changes."""
    files = [ROOT / 'setup.py', Path(__file__), *sorted((ROOT / 'requirements').glob('*.txt'))]
    parts = [sys.version, str(folder), os.environ.get('MMSEG_DEEPLAB_TORCH', '')]
    text = '\n'.join(parts + [path.read_text(encoding='utf-8') for path in files])
    return hashlib.sha256(text.encode()).hexdigest()


def main() -> int:
    """Create or complete the environment; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder', nargs='?', default=str(ROOT / '.venv'), type=Path)
    folder = parser.parse_args().folder.resolve()
    stamp = folder / 'installed.txt'
    wanted = fingerprint(folder)
    if stamp.is_file() and stamp.read_text(encoding='utf-8') == wanted:
        return 0
    if sys.version_info < (3, 10):  # noqa: UP036 - an older Python can run this file
        print(f'error: Python 3.10 or newer is needed, this is {platform.python_version()}')
        return 1
    if not (folder / 'pyvenv.cfg').is_file():
        venv.create(folder, with_pip=True)
    python = folder / ('Scripts/python.exe' if os.name == 'nt' else 'bin/python')

    def pip(*arguments: str) -> None:
        command = [str(python), '-m', 'pip', 'install', '--disable-pip-version-check', *arguments]
        print('+ pip install ' + shlex.join(arguments), flush=True)
        subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)

    try:
        if subprocess.run([python, '-c', 'import torch'], capture_output=True).returncode:
            pip(*torch_arguments())
        pip('-r', 'requirements/tests.txt', '-e', '.')
        if subprocess.run([python, '-c', 'import cv2'], capture_output=True).returncode:
            # servers without libGL: the headless build has the same functions
            subprocess.run([python, '-m', 'pip', 'uninstall', '-qy', 'opencv-python'], check=True)
            pip('opencv-python-headless', '--force-reinstall', '--no-deps')
    except subprocess.CalledProcessError as error:
        print(f'error: the installation stopped: {shlex.join(map(str, error.cmd))}')
        return 1
    stamp.write_text(wanted, encoding='utf-8')
    return 0


if __name__ == '__main__':
    sys.exit(main())
