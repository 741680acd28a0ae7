"""A window of OpenCV that shows predictions and names the class under the mouse."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence

import cv2
import numpy as np

from mmseg_deeplab.utils.errors import ConfigError
from mmseg_deeplab.visualization.panels import Palette, legend, overlay

_PROBE = "import cv2; cv2.namedWindow('probe'); cv2.waitKey(1); cv2.destroyAllWindows()"
_QUIT = (ord('q'), ord('Q'), 27)  # 27: Esc
_PATIENCE = 60  # seconds for a window to open


class LiveWindow:
    """Shows pictures with their classes over them until Q, Esc or the window's own close button.

    Use it with ``with``; the window is closed at the end.

    Args:
        title: Of the window.
        class_names: K names.
        palette: K colours, RGB.
        opacity: Of the colours, 0 to 1.
        report: Told the name of the class under the mouse when it changes.

    Raises:
        ConfigError: OpenCV cannot open a window here.
    """

    def __init__(
        self,
        title: str,
        class_names: Sequence[str],
        palette: Palette,
        opacity: float,
        report: Callable[[str], None],
    ) -> None:
        require_windows()
        self.title = title
        self.is_open = True
        self._names, self._palette = class_names, palette
        self._opacity = opacity
        self._report = report
        self._ids: np.ndarray | None = None
        self._mouse: tuple[int, int] | None = None
        self._told: int | None = None

    def __enter__(self) -> LiveWindow:
        # without the tool bar that OpenCV has on some systems
        cv2.namedWindow(self.title, cv2.WINDOW_AUTOSIZE | cv2.WINDOW_GUI_NORMAL)
        cv2.setMouseCallback(self.title, self._on_mouse)
        return self

    def __exit__(self, *exception: object) -> None:
        self.is_open = False
        cv2.destroyAllWindows()

    def show(self, picture: np.ndarray, ids: np.ndarray) -> None:
        """Show one picture.

        Args:
            picture: (H, W, 3) uint8, RGB.
            ids: (H, W) class ids.
        """
        self._ids = ids
        drawn = overlay(picture, ids, self._palette, self._opacity)
        self._tell()
        index = self._class_under_mouse()
        if index is not None:
            strip = legend([self._names[index]], [self._palette[index]], drawn.shape[1])
            rows = min(len(strip), len(drawn))
            drawn[-rows:] = strip[:rows]
        cv2.imshow(self.title, np.ascontiguousarray(drawn[:, :, ::-1]))
        key = cv2.waitKey(1) & 0xFF
        visible = cv2.getWindowProperty(self.title, cv2.WND_PROP_VISIBLE) >= 1
        self.is_open = visible and key not in _QUIT

    def _on_mouse(self, event: int, x: int, y: int, flags: int, data: object) -> None:
        self._mouse = (x, y)
        self._tell()

    def _tell(self) -> None:
        index = self._class_under_mouse()
        if index is not None and index != self._told:
            self._report(self._names[index])
        self._told = index

    def _class_under_mouse(self) -> int | None:
        if self._mouse is None or self._ids is None:
            return None
        x, y = self._mouse
        if not (0 <= y < self._ids.shape[0] and 0 <= x < self._ids.shape[1]):
            return None
        index = int(self._ids[y, x])
        return index if 0 <= index < len(self._names) else None


def require_windows() -> None:
    """Refuse to go on where OpenCV cannot open a window.

    Tried in a process of its own: without a display OpenCV's Qt ends the whole process.

    Raises:
        ConfigError: It cannot, and why.
    """
    try:
        probe = subprocess.run(
            [sys.executable, '-c', _PROBE], capture_output=True, text=True, timeout=_PATIENCE
        )
        reason = '' if probe.returncode == 0 else _reason(probe.stderr)
    except subprocess.TimeoutExpired:
        reason = f'no answer in {_PATIENCE} s'
    if reason:
        raise ConfigError(
            f'OpenCV cannot open a window here ({reason}); run it on a desktop, with '
            'opencv-python instead of opencv-python-headless, or under a virtual display: '
            'xvfb-run -a COMMAND'
        )


def _reason(text: str) -> str:
    if 'not implemented' in text:
        return 'this OpenCV was built without windows'
    if 'display' in text:
        return 'there is no display'
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else 'it gives no reason'
