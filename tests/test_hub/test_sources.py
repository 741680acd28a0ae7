"""Cache, mirror, address, further addresses: what is asked, in which order, and what is not."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from mmseg_deeplab.cli import main
from mmseg_deeplab.hub import fetch, find_model, resolve_weights
from mmseg_deeplab.hub.places import cache_place
from mmseg_deeplab.hub.sources import sources
from mmseg_deeplab.utils.errors import CheckpointError

from .conftest import weight_file
from .server import Site, serve

MODEL = '/weights/model.pth'
ROW = find_model('r50 loveda')
ZOO = ROW.url.rsplit('/', 1)[-1]
LOG = ROW.log_url.rsplit('/', 1)[-1]


@pytest.fixture
def no_network(monkeypatch):
    """Any connection is an error of the test."""

    def refuse(*arguments, **named):
        raise AssertionError('the network was touched')

    monkeypatch.setattr(socket, 'create_connection', refuse)
    monkeypatch.setattr(socket, 'getaddrinfo', refuse)


@pytest.mark.parametrize('cut', ['', 'https://', 'https://download.openmmlab.com/'])
@pytest.mark.parametrize('scheme', ['', 'file://'])
def test_mirror_folder_is_used_in_place(cut, scheme, tmp_path, monkeypatch, no_network):
    file = tmp_path / 'mirror' / (ROW.url.removeprefix(cut) if cut else ZOO)
    file.parent.mkdir(parents=True)
    file.write_bytes(weight_file())
    monkeypatch.setenv('MMSEG_DEEPLAB_MIRROR', f'{scheme}{tmp_path / "mirror"}')
    for words in ('r50 loveda', ROW.old_name, f'{ROW.config}.py', ZOO):
        assert fetch(words, progress=False) == file.resolve()
    assert not cache_place(ROW.url).exists()


def test_mirror_folder_where_the_cache_cannot_be_written(tmp_path, monkeypatch, no_network, cache):
    cache.write_text('a file in its place', encoding='utf-8')
    (tmp_path / ZOO).write_bytes(weight_file())
    monkeypatch.setenv('MMSEG_DEEPLAB_MIRROR', str(tmp_path))
    assert fetch('r50 loveda', progress=False) == tmp_path / ZOO


def test_names_that_are_not_unique_need_their_path_in_a_mirror(tmp_path, monkeypatch):
    (tmp_path / 'model.safetensors').write_bytes(b'of another model')
    monkeypatch.setenv('MMSEG_DEEPLAB_MIRROR', str(tmp_path))
    monkeypatch.setenv('MMSEG_DEEPLAB_OFFLINE', '1')
    with pytest.raises(CheckpointError) as raised:
        fetch('timm/resnet50.tv_in1k', progress=False)
    place = f'{tmp_path}/timm/resnet50.tv_in1k/resolve/main/model.safetensors'
    assert f'({place}): not there' in str(raised.value)


def test_mirror_on_the_web_goes_into_the_cache(monkeypatch):
    with serve(Site(files={f'/mine/{ZOO}': weight_file()})) as site:
        monkeypatch.setenv('MMSEG_DEEPLAB_MIRROR', f'{site.url}/mine/')
        assert fetch('r50 loveda', progress=False) == cache_place(ROW.url)
        monkeypatch.delenv('MMSEG_DEEPLAB_MIRROR')
        assert fetch('r50 loveda', progress=False, offline=True) == cache_place(ROW.url)
        assert [path for path, _ in site.asked] == [f'/mine/{ZOO}']


def test_mirror_by_fsspec(monkeypatch):
    fsspec = pytest.importorskip('fsspec')
    with fsspec.open(f'memory://bucket/{ZOO}', 'wb') as file:
        file.write(weight_file())
    monkeypatch.setenv('MMSEG_DEEPLAB_MIRROR', 'memory://bucket')
    path = fetch('r50 loveda', progress=False)
    assert path == cache_place(ROW.url) and path.read_bytes() == weight_file()
    monkeypatch.setenv('MMSEG_DEEPLAB_MIRROR', 'nosuch://bucket')
    with pytest.raises(CheckpointError, match=r'nosuch://bucket.*Protocol not known'):
        fetch(find_model('r18 loveda').config, progress=False, offline=False)


def test_mirror_at_hugging_face_and_its_token(monkeypatch):
    place = f'/me/zoo/resolve/main/{ZOO}'
    with serve(Site(files={f'/storage/{ZOO}': weight_file()})) as site:
        site.faults[place] = [f'to {site.url.replace("127.0.0.1", "localhost")}/storage/{ZOO}']
        monkeypatch.setenv('HF_ENDPOINT', f'{site.url}/')
        monkeypatch.setenv('HF_TOKEN', 'secret')
        monkeypatch.setenv('MMSEG_DEEPLAB_MIRROR', 'hf://me/zoo')
        fetch('r50 loveda', progress=False)
        sent = [headers.get('Authorization') for headers in site.headers]
    assert sent == ['Bearer secret', None]


def test_every_source_is_asked_and_named(monkeypatch, tmp_path, site):
    (tmp_path / 'empty').mkdir()
    monkeypatch.setenv('MMSEG_DEEPLAB_MIRROR', str(tmp_path / 'empty'))
    with pytest.raises(CheckpointError) as raised:
        fetch(f'{site.url}/none/file.pth', progress=False)
    first, *answers, last = str(raised.value).splitlines()
    place = cache_place(f'{site.url}/none/file.pth')
    assert first == 'file.pth could not be had:'
    assert answers[0] == f'  cache {place}: not there'
    assert all('MMSEG_DEEPLAB_MIRROR=' in line and 'not there' in line for line in answers[1:-1])
    assert answers[-1] == f'  {site.url}/none/file.pth: the server says 404 Not Found'
    assert 'put it where the cache was looked into' in last


def test_a_flat_folder_serves_files_of_a_name_of_their_own(monkeypatch, tmp_path):
    monkeypatch.setenv('MMSEG_DEEPLAB_MIRROR', str(tmp_path))
    base = 'https://dl.fbaipublicfiles.com/detectron2/DeepLab/'
    asked = [place for source in sources((f'{base}R-103.pkl',)) for place in source.places]
    assert tmp_path / 'R-103.pkl' in asked
    asked = [place for source in sources((f'{base}other.pkl',)) for place in source.places]
    assert tmp_path / 'other.pkl' not in asked


def test_no_answer_is_told_twice(monkeypatch, tmp_path, no_network):
    """The two addresses of these weights end in one name."""
    for folder, wanted in ((tmp_path, 'not there'), (tmp_path / 'none', 'there is no such folder')):
        monkeypatch.setenv('MMSEG_DEEPLAB_MIRROR', str(folder))
        with pytest.raises(CheckpointError) as raised:
            fetch('open-mmlab://resnet50_v1c', progress=False, offline=True)
        answers = [line for line in str(raised.value).splitlines() if 'MIRROR=' in line]
        assert len(answers) == len(set(answers)) == (5 if folder == tmp_path else 1)
        assert all(line.endswith(wanted) for line in answers)


def test_further_addresses_are_asked_last(site, monkeypatch):
    """torchvision's own address fails; the same weights at Hugging Face are taken."""
    header = json.dumps({'w': {'dtype': 'U8', 'shape': [2], 'data_offsets': [0, 2]}}).encode()
    content = len(header).to_bytes(8, 'little') + header + b'ab'
    site.files['/timm/resnet18.tv_in1k/resolve/main/model.safetensors'] = content
    monkeypatch.setenv('HF_ENDPOINT', site.url)
    monkeypatch.setenv('https_proxy', site.url)  # pytorch.org is asked through it, in vain
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    path = resolve_weights('torchvision://resnet18')
    assert path.name == 'model.safetensors' and path.read_bytes() == content
    assert resolve_weights('torchvision://resnet18', offline=True) == path


def test_proxy_is_asked(monkeypatch, site):
    monkeypatch.setenv('http_proxy', site.url)
    path = fetch(f'http://far.away{MODEL}', progress=False)
    assert path.read_bytes() == weight_file()
    assert site.headers[0]['Host'] == 'far.away'


@pytest.mark.parametrize('by', ['argument', 'variable', 'option'])
def test_offline_never_touches_the_network(by, monkeypatch, no_network, capsys):
    monkeypatch.setenv('MMSEG_DEEPLAB_MIRROR', 'http://far.away/mirror')
    if by == 'variable':
        monkeypatch.setenv('MMSEG_DEEPLAB_OFFLINE', 'yes')
    if by == 'option':
        assert main(['download', 'r50', 'loveda', '--offline']) == 1
        said = capsys.readouterr().err
    else:
        with pytest.raises(CheckpointError) as raised:
            fetch('r50 loveda', offline=True if by == 'argument' else None)
        said = str(raised.value)
    assert said.count('not asked, offline') == 2


def test_argument_goes_before_the_variable(monkeypatch, site):
    monkeypatch.setenv('MMSEG_DEEPLAB_OFFLINE', '1')
    assert fetch(site.url + MODEL, offline=False, progress=False).is_file()
    monkeypatch.setenv('MMSEG_DEEPLAB_OFFLINE', '0')
    assert fetch(site.url + MODEL, progress=False).is_file()


def test_dest_and_log(tmp_path, monkeypatch, capsys, no_network):
    mirror, dest = tmp_path / 'mirror', tmp_path / 'dest'
    mirror.mkdir()
    (mirror / ZOO).write_bytes(weight_file())
    (mirror / LOG).write_text('{"mode": "train"}\n', encoding='utf-8')
    monkeypatch.setenv('MMSEG_DEEPLAB_MIRROR', str(mirror))
    for _ in range(2):  # the second time, both are there already
        assert main(['download', 'r50', 'loveda', '--dest', str(dest), '--log']) == 0
        assert capsys.readouterr().out.split() == [str(dest / ZOO), str(dest / LOG)]
        (mirror / ZOO).unlink(missing_ok=True)
    assert sorted(path.name for path in dest.iterdir()) == sorted([ZOO, LOG])


def test_other_files_in_the_folder_are_not_harmed(tmp_path, site, capsys):
    """Two repositories name their files alike."""
    site.files['/one/model.bin'], site.files['/two/model.bin'] = weight_file(), weight_file(b'2')
    own = tmp_path / 'model.bin'
    assert main(['download', f'{site.url}/one/model.bin', '--dest', str(tmp_path)]) == 0
    assert main(['download', f'{site.url}/two/model.bin', '--dest', str(tmp_path)]) == 1
    assert 'nothing tells what it is. Move it away' in capsys.readouterr().err
    assert main(['download', f'{site.url}/one/model.bin', '--dest', str(tmp_path)]) == 0
    assert own.read_bytes() == weight_file() and len(site.asked) == 1
    own.write_bytes(weight_file(b'mine'))
    assert main(['download', f'{site.url}/one/model.bin', '--dest', str(tmp_path)]) == 1
    assert own.read_bytes() == weight_file(b'mine')


def test_mirror_that_is_not_reached_is_asked_once(monkeypatch, site):
    site.faults[f'/{ZOO}'] = [503, ...]
    monkeypatch.setenv('MMSEG_DEEPLAB_MIRROR', site.url)
    monkeypatch.setenv('https_proxy', site.url)
    with pytest.raises(CheckpointError, match='503 Service Unavailable'):
        fetch('r50 loveda', progress=False)
    assert {path for path, _ in site.asked} == {f'/{ZOO}'}


def test_model_without_a_log_and_log_of_a_backbone(no_network):
    from mmseg_deeplab.hub import fetch_log

    with pytest.raises(CheckpointError, match='no training log was published'):
        fetch_log('open-mmlab://resnet50_v1c')


@pytest.mark.parametrize(
    ('uri', 'message'),
    [
        ('nowhere.pth', "'nowhere.pth' are not there"),
        ('open-mmlab://resnet34_v1c', 'of open-mmlab:// there are open-mmlab://resnet18_v1c'),
        ('ftp://host/x.pth', 'ftp:// is not known; use http://'),
        ('hf://me', 'must be OWNER/REPOSITORY'),
        ('hf://../../x', 'must be OWNER/REPOSITORY'),
        ('open-mmlab://resnet50_v1c', 'timm/resnet50c.gluon_in1k has the same layers'),
        ('modelzoo://resnet50', 'To start from random weights, set pretrained=None'),
    ],
)
def test_weights_that_cannot_be_had(uri, message, no_network):
    with pytest.raises(CheckpointError) as raised:
        resolve_weights(uri, offline=True)
    assert message in str(raised.value)


def test_local_weights(tmp_path, no_network):
    file = tmp_path / 'w.pth'
    file.write_bytes(weight_file())
    assert resolve_weights(str(file)) == file
    assert resolve_weights(file.as_uri()) == file
    assert resolve_weights(Path(file)) == file
