"""What an audit can find, and how bad each is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

ERROR, WARNING = 'error', 'warning'

# kind -> how bad it is, heading in the report
KINDS = {
    'not-found': (ERROR, 'data that is not there'),
    'missing-image': (ERROR, 'images that are missing'),
    'missing-mask': (ERROR, 'masks that are missing'),
    'unreadable-image': (ERROR, 'images that cannot be read'),
    'unreadable-mask': (ERROR, 'masks that cannot be read'),
    'size-mismatch': (ERROR, 'masks of another size than their image'),
    'outside-classes': (ERROR, 'label values outside the classes'),
    'too-few-bits': (ERROR, 'masks saved with too few bits'),
    'binary-mask': (WARNING, 'masks that hold only 0 and 1'),
    'all-ignored': (WARNING, 'masks without a labelled pixel'),
    'absent-class': (WARNING, 'classes that never occur'),
    'identical': (WARNING, 'identical images in two splits'),
    'near-identical': (WARNING, 'nearly identical images in two splits'),
}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong or odd.

    Attributes:
        kind: A key of :data:`KINDS`.
        split: ``'train'``, ``'val'``, ``'test'``, or two of them joined by ``' and '``.
        message: One sentence that names the files and, where it is not plain, what to do.
        files: The files meant; none where the finding is about a whole split.
    """

    kind: str
    split: str
    message: str
    files: tuple[str, ...] = ()

    @property
    def severity(self) -> str:
        """``'error'`` where training would stop or learn from wrong labels, else ``'warning'``."""
        return KINDS[self.kind][0]

    @property
    def heading(self) -> str:
        """What findings of this kind have in common, in the plural."""
        return KINDS[self.kind][1]

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON can hold it."""
        return {'severity': self.severity, **asdict(self), 'files': list(self.files)}
