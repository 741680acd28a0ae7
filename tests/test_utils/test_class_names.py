"""Names and colours of known data sets, against digests made with MMSegmentation 1.2.2."""

from __future__ import annotations

import hashlib
import json

import pytest

from mmseg_deeplab.utils import dataset_aliases, get_classes, get_palette

# of json.dumps([get_classes(name), get_palette(name)]) there, the first 16 digits
DIGESTS = {
    'cityscapes': 'fdc2c09f612a02c0',
    'ade ade20k': 'ea88dadc3d26eb56',
    'voc pascal_voc voc12 voc12aug': '3d61c831cd0012d4',
    'pcontext pascal_context voc2010': '393ab99eafd5609f',
    'loveda': '01e4077493ada64f',
    'potsdam': '7c33bf7015de1cfa',
    'vaihingen': '7c33bf7015de1cfa',
    'cocostuff cocostuff10k cocostuff164k coco-stuff coco-stuff10k coco-stuff164k coco_stuff '
    'coco_stuff10k coco_stuff164k': 'd0aafa5b5c8d7713',
    'isaid iSAID': '64e1e58a609cf524',
    'stare STARE': '83295990b124944f',
    'mapillary_v1': 'b4f11f3f56245431',
    'mapillary_v2': '12cea78b93ee5c07',
    'bdd100k': 'fdc2c09f612a02c0',
}


def digest(classes, palette):
    text = json.dumps([list(classes), palette])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@pytest.mark.parametrize('names', DIGESTS)
def test_every_alias_gives_the_peers_values(names):
    for name in names.split():
        assert digest(get_classes(name), get_palette(name)) == DIGESTS[names]


def test_lip_has_colours_where_the_peer_gives_names():
    assert get_classes('LIP')[:3] == ['background', 'hat', 'hair']
    assert get_palette('lip')[:3] == [[0, 0, 0], [128, 0, 0], [255, 0, 0]]


def test_every_alias_has_as_many_colours_as_classes_and_belongs_to_one_data_set():
    aliases = [alias for group in dataset_aliases.values() for alias in group]
    assert len(aliases) == len(set(aliases)) == 40
    for alias in aliases:
        assert len(get_classes(alias)) == len(get_palette(alias)) > 1


def test_the_caller_may_change_what_it_gets():
    get_classes('loveda').clear()
    get_palette('loveda')[0][0] = 7
    assert get_classes('loveda')[0] == 'background'
    assert get_palette('loveda')[0] == [255, 255, 255]


def test_unknown_names():
    with pytest.raises(ValueError, match=r'one of cityscapes, ade, .*; got .lovda'):
        get_classes('lovda')
    with pytest.raises(TypeError, match='must be a string, got int'):
        get_palette(7)
