"""From what a user writes to web addresses: catalogue names, backbone URIs, Hugging Face."""

from __future__ import annotations

import re
from urllib.parse import unquote, urldefrag, urlsplit

from mmseg_deeplab.hub.catalogue import Row, catalogue, find_exact, find_model
from mmseg_deeplab.hub.web import hugging_face
from mmseg_deeplab.utils.errors import CheckpointError

WEB = ('http://', 'https://')
# the files that a repository of one model keeps its weights in, in the order they are tried
_USUAL_FILES = ('model.safetensors', 'pytorch_model.bin')
_OTHER_SCHEMES = {'openmmlab': 'open-mmlab', 'modelzoo': 'torchvision', 'mmpretrain': 'mmcls'}
_REPOSITORY = re.compile(
    r'(?P<repo>[\w-][\w.-]*/[\w-][\w.-]*)(?:@(?P<revision>[\w.-]+))?(?:/(?P<file>.+))?'
)


def addresses_of(name: str) -> tuple[str, ...]:
    """The web addresses under which a file may be had, the place of publication first.

    Args:
        name: A config or file name or words (see :func:`find_model`), a URI of a backbone
            (``open-mmlab://resnet50_v1c``, ``torchvision://resnet50``, ``timm/NAME``),
            ``hf://OWNER/REPOSITORY[@REVISION][/FILE]`` or a web address.

    Raises:
        CheckpointError: It means no file, or none was published.
    """
    scheme, mark, rest = name.partition('://')
    if mark:
        name = f'{_OTHER_SCHEMES.get(scheme, scheme)}://{rest}'
    if name.startswith(WEB):
        return (name,)
    if name.startswith('timm/'):
        return _hugging_face_files(name)
    if name.startswith('hf://'):
        return _hugging_face_files(rest)
    row = find_exact(name) if mark else find_model(name)
    if row is None:
        raise CheckpointError(_unknown_uri(name))
    if not row.addresses:
        raise CheckpointError(f'{row.name}: {row.note}. Its config is here; train it{_kin(row)}')
    # behind `#` stands a file in an archive; the archive is what is fetched
    return tuple(urldefrag(as_web(address))[0] for address in row.addresses)


def as_path(address: str) -> str:
    """A path on this machine; of ``file:///PATH`` the one that it stands for.

    Args:
        address: A ``file://`` address, in which percent signs may stand for characters; any
            other text is returned as it is.
    """
    if not address.startswith('file://'):
        return address
    return unquote(urlsplit(address).path)


def as_web(address: str) -> str:
    """A web address; of ``hf://OWNER/REPOSITORY/FILE`` the one that it stands for."""
    if not address.startswith('hf://'):
        return address
    return _hugging_face_files(address.removeprefix('hf://'))[0]


def _hugging_face_files(path: str) -> tuple[str, ...]:
    found = _REPOSITORY.fullmatch(path)
    if found is None:
        raise CheckpointError(
            f'{path!r} must be OWNER/REPOSITORY, OWNER/REPOSITORY@REVISION or '
            'OWNER/REPOSITORY/FILE at Hugging Face'
        )
    files = (found['file'],) if found['file'] else _USUAL_FILES
    base = f'{hugging_face()}/{found["repo"]}/resolve/{found["revision"] or "main"}'
    return tuple(f'{base}/{file}' for file in files)


def _kin(row: Row) -> str:
    """What else than training: weights of the same data set, or of the one it is a part of."""
    published = {other.dataset for other in catalogue() if other.kind == 'model' and other.url}
    same = max((name for name in published if row.dataset.startswith(name)), key=len, default='')
    return f', or use the weights of another model of {same} with --load-from' if same else ''


def _unknown_uri(name: str) -> str:
    scheme = name.partition('://')[0]
    known = [uri for row in catalogue() for uri in _uris(row) if uri.startswith(f'{scheme}://')]
    if known:
        return f'{name!r} is not in the catalogue; of {scheme}:// there are {", ".join(known)}'
    schemes = sorted({uri.partition('://')[0] for row in catalogue() for uri in _uris(row)})
    return (
        f'{name!r}: {scheme}:// is not known; use http://, https://, hf://, '
        f'{", ".join(f"{scheme}://" for scheme in schemes)} or the path of a file'
    )


def _uris(row: Row) -> list[str]:
    return [alias for alias in row.aliases.split() if '://' in alias]
