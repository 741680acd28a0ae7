"""Draw the two figures of docs/architecture.md as SVG files.

Usage: python docs/figures/draw.py [--check]
"""

from __future__ import annotations

import argparse
import sys
from html import escape
from pathlib import Path

HERE = Path(__file__).resolve().parent
INK = '#1f2933'
IMAGE, BACKBONE, HEAD, LOSS = '#e6eef5', '#cfe3f5', '#d9ecd3', '#f6e3c5'
LEVELS = ('#eef2f6', '#e3ecf5', '#d6e6f4', '#d9ecd3', '#f6e9c9', '#f5dccb')


class Drawing:
    """Shapes collected into one SVG text; every length is in pixels."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" height="{height}" font-family="DejaVu Sans, Arial, sans-serif">',
            f'<title>{escape(title)}</title>',
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
            f'markerHeight="7" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="{INK}"/>'
            '</marker></defs>',
            f'<rect width="{width}" height="{height}" fill="white"/>',
        ]

    def text(self, x: float, y: float, words: str, *, size: int = 12, anchor: str = 'middle'):
        """One line of text whose baseline starts, is centred or ends at (x, y)."""
        self.parts.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="{anchor}" '
            f'fill="{INK}">{escape(words)}</text>'
        )

    def box(self, x: float, y: float, width: float, height: float, fill: str, *lines: str):
        """A rounded box with centred lines; the first one is larger."""
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="5" '
            f'fill="{fill}" stroke="{INK}" stroke-width="1"/>'
        )
        top = y + height / 2 - 7.5 * (len(lines) - 1) + 4
        for index, line in enumerate(lines):
            size = 12 if index == 0 else 10
            self.text(x + width / 2, top + 15 * index, line, size=size)

    def arrow(self, *points: tuple[float, float], dashed: bool = False):
        """A line through the points with a tip at the last."""
        path = ' '.join(f'{x:g},{y:g}' for x, y in points)
        style = ' stroke-dasharray="5 4"' if dashed else ''
        self.parts.append(
            f'<polyline points="{path}" fill="none" stroke="{INK}" stroke-width="1.3" '
            f'marker-end="url(#tip)"{style}/>'
        )

    def svg(self) -> str:
        """The whole file."""
        return '\n'.join([*self.parts, '</svg>']) + '\n'


def network() -> str:
    """DeepLabV3+ with ResNet-50, output stride 8, from images to logits."""
    d = Drawing(1000, 560, 'DeepLabV3+ R-50-D8: from images to logits')
    d.text(20, 28, 'DeepLabV3+ R-50-D8 (channels for R-50; K classes)', size=16, anchor='start')
    d.text(20, 48, 'Sizes are fractions of the input height and width.', size=11, anchor='start')

    backbone = [
        ('images', 'N, 3, H, W', 'full size', IMAGE),
        ('stem', '3 convs 3×3', 'max pool', BACKBONE),
        ('layer1', '256 channels', '1/4', BACKBONE),
        ('layer2', '512 channels', '1/8', BACKBONE),
        ('layer3', '1024, dilation 2', '1/8', BACKBONE),
        ('layer4', '2048, dilation 4', '1/8', BACKBONE),
    ]
    for row, (name, what, size, fill) in enumerate(backbone):
        d.box(30, 70 + 78 * row, 130, 54, fill, name, what, size)
        if row:
            d.arrow((95, 46 + 78 * row), (95, 70 + 78 * row))

    branches = [
        ('global average pool', '1×1 conv, 512, resized'),
        ('1×1 conv', '512'),
        ('separable 3×3', 'dilation 12, 512'),
        ('separable 3×3', 'dilation 24, 512'),
        ('separable 3×3', 'dilation 36, 512'),
    ]
    d.text(325, 232, 'ASPP on layer4, 1/8', size=12)
    d.arrow((160, 487), (205, 487), (205, 263), (240, 263))
    for row, lines in enumerate(branches):
        middle = 263 + 56 * row
        d.box(240, middle - 22, 170, 44, HEAD, *lines)
        if row:
            d.arrow((205, middle), (240, middle))
        d.arrow((410, middle), (450, middle))
    d.box(450, 241, 34, 268, HEAD, '5')
    d.text(467, 393, '×512', size=10)
    d.arrow((484, 375), (520, 375))
    d.box(520, 350, 110, 50, HEAD, '3×3 conv', '2560 → 512')
    d.arrow((575, 350), (575, 310))
    d.box(520, 260, 110, 50, HEAD, 'resize ×2', '512, 1/4')
    d.arrow((575, 260), (575, 200))

    d.arrow((160, 253), (180, 253), (180, 175), (240, 175))
    d.box(240, 150, 170, 50, HEAD, '1×1 conv on layer1', '256 → 48, 1/4')
    d.arrow((410, 175), (520, 175))
    d.box(520, 150, 110, 50, HEAD, 'concat', '512 + 48')
    d.arrow((630, 175), (652, 175))
    d.box(652, 150, 140, 50, HEAD, '2 × separable 3×3', '512, 1/4')
    d.arrow((792, 175), (815, 175))
    d.box(815, 150, 150, 50, HEAD, 'dropout, 1×1 conv', 'K, 1/4')
    d.arrow((890, 200), (890, 241))
    d.box(815, 241, 150, 50, IMAGE, 'logits N, K, H, W', 'resized ×4, bilinear')
    d.arrow((890, 291), (890, 350), dashed=True)
    d.box(815, 350, 150, 50, LOSS, 'cross entropy', 'weight 1.0')

    d.arrow((160, 409), (190, 409), (190, 536), (665, 536), (665, 500), (690, 500), dashed=True)
    d.box(690, 475, 110, 50, LOSS, 'FCN head', '3×3, 256; 1×1, K')
    d.arrow((800, 500), (815, 500), dashed=True)
    d.box(815, 475, 150, 50, LOSS, 'cross entropy', 'weight 0.4')
    d.text(890, 443, 'dashed: training only', size=11)
    return d.svg()


LAYERS = (
    ('cli', 'the command mmseg-deeplab; tools/*.py call the same functions'),
    ('apis', 'train, test, init_model, inference_model, MMSegInferencer, audit'),
    ('engine', 'runner, loops, loader, checkpoints, processes, hooks, events'),
    (
        'datasets · models · evaluation · visualization',
        'four parts that never import each other',
    ),
    (
        'structures · inference · config · hub',
        'data sample; windows, predictor, sink; reading configs; published weights',
    ),
    ('utils · registry', 'errors, log, files; from a name in a config to a class'),
)


def layers() -> str:
    """The folders of the package, each allowed to import only from below."""
    d = Drawing(760, 470, 'Imports point down only')
    d.text(30, 30, 'mmseg_deeplab/: a folder imports from those below it', size=15, anchor='start')
    for row, (names, what) in enumerate(LAYERS):
        y = 50 + 68 * row
        d.box(30, y, 640, 50, LEVELS[len(LAYERS) - 1 - row], names, what)
        d.text(690, y + 30, f'level {len(LAYERS) - 1 - row}', size=11, anchor='start')
        if row:
            d.arrow((350, y - 18), (350, y))
    d.text(30, 458, 'engine draws pictures: of level 2 it uses visualization only. '
           'tests/test_policy holds the order.', size=11, anchor='start')  # fmt: skip
    return d.svg()


FIGURES = {'network.svg': network, 'layers.svg': layers}


def main() -> int:
    """Write the figures, or compare them with what is there; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--check', action='store_true', help='fail if a figure is out of date')
    check = parser.parse_args().check
    stale = []
    for name, draw in FIGURES.items():
        path, text = HERE / name, draw()
        if path.is_file() and path.read_text(encoding='utf-8') == text:
            continue
        stale.append(name)
        if not check:
            path.write_text(text, encoding='utf-8')
    if check and stale:
        print('out of date, run python docs/figures/draw.py:', *stale)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
