"""Install mmseg_deeplab: pure Python, nothing is compiled; the wheel carries the configs."""

from __future__ import annotations

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent


def requirements(name: str) -> list[str]:
    """The lines of one requirements file without the reasons that stand behind them."""
    lines = (HERE / 'requirements' / f'{name}.txt').read_text(encoding='utf-8').splitlines()
    return [line.split('#')[0].strip() for line in lines if line.split('#')[0].strip()]


def version() -> str:
    """The version number, read without importing the package (torch may not be there yet)."""
    text = (HERE / 'mmseg_deeplab' / 'version.py').read_text(encoding='utf-8')
    return text.split("__version__ = '")[1].split("'")[0]


setup(
    name='mmseg_deeplab',
    version=version(),
    description='DeepLab models for aerial imagery: train, test and run them',
    long_description=(HERE / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    python_requires='>=3.10,<3.14',  # 3.10: `X | Y` annotations; 3.14 was not tried
    packages=[
        *find_packages(include=['mmseg_deeplab', 'mmseg_deeplab.*']),
        'mmseg_deeplab._configs',
    ],
    package_dir={'mmseg_deeplab._configs': 'configs'},
    package_data={
        'mmseg_deeplab': ['**/*.csv'],
        'mmseg_deeplab._configs': ['*.py', '**/*.py', '**/*.md', '**/*.yaml'],
    },
    install_requires=requirements('runtime'),
    extras_require={name: requirements(name) for name in ('optional', 'fast', 'int8', 'tests')},
    entry_points={'console_scripts': ['mmseg-deeplab = mmseg_deeplab.cli:main']},
)
