"""Convert the archives of a data set to the folders that the configs speak of."""

from __future__ import annotations

import argparse
from typing import NamedTuple


class _Option(NamedTuple):
    name: str
    help: str
    kind: type = int


class _Converter(NamedTuple):
    summary: str
    paths: dict[str, str]
    out_dir: str
    options: tuple[_Option, ...] = ()


# defaults stand in the signatures of the plans; here they are only told
_ISPRS_OPTIONS = (
    _Option('clip_size', 'side of a crop in pixels (512)'),
    _Option(
        'stride_size',
        'from one crop to the next (the clip size, which is what the original really does)',
    ),
)
CONVERTERS = {
    'loveda': _Converter(
        'LoveDA', {'dataset_path': 'folder with Train.zip, Val.zip and Test.zip'}, 'data/loveDA'
    ),
    'potsdam': _Converter(
        'ISPRS Potsdam',
        {'dataset_path': 'folder with 2_Ortho_RGB.zip and 5_Labels_all_noBoundary.zip'},
        'data/potsdam',
        _ISPRS_OPTIONS,
    ),
    'vaihingen': _Converter(
        'ISPRS Vaihingen',
        {
            'dataset_path': 'folder with ISPRS_semantic_labeling_Vaihingen.zip and '
            'ISPRS_semantic_labeling_Vaihingen_ground_truth_eroded_COMPLETE.zip'
        },
        'data/vaihingen',
        _ISPRS_OPTIONS,
    ),
    'isaid': _Converter(
        'iSAID',
        {'dataset_path': 'folder with train, val and test, each with images and Semantic_masks'},
        'data/iSAID',
        (
            _Option('patch_width', 'width of a crop (896)'),
            _Option('patch_height', 'height of a crop (896)'),
            _Option('overlap_area', 'pixels that neighbouring crops share (384)'),
        ),
    ),
    'cityscapes': _Converter(
        'Cityscapes: labels in training ids, lists of the splits',
        {'cityscapes_path': 'folder with gtFine, or with gtFine_trainvaltest.zip'},
        'the same folder',
        (_Option('gt_dir', 'folder of the labels (gtFine)', str),),
    ),
    'voc_aug': _Converter(
        'PASCAL VOC 2012 with the labels of SBD',
        {'devkit_path': 'VOCdevkit', 'aug_path': "SBD's benchmark_RELEASE"},
        'VOC2012/SegmentationClassAug',
    ),
    'voc_trainaug': _Converter(
        'PASCAL VOC 2012 and SBD as one list of images and labels, laid out as in MindCV',
        {'data_root': 'folder with VOCdevkit/VOC2012 and benchmark_RELEASE/dataset'},
        'the same folder',
        (_Option('list_paths', 'paths in the lists, relative to it or absolute (relative)', str),),
    ),
    'pascal_context': _Converter(
        'PASCAL Context',
        {'devkit_path': 'VOCdevkit', 'json_path': 'trainval_merged.json'},
        'VOC2010',
    ),
    'coco_stuff10k': _Converter(
        'COCO-Stuff 10k',
        {'coco_path': 'folder with images, annotations and imageLists'},
        'the same folder',
    ),
    'coco_stuff164k': _Converter(
        'COCO-Stuff 164k',
        {'coco_path': 'folder with annotations, or with stuffthingmaps_trainval2017.zip'},
        'the same folder',
    ),
    'drive': _Converter(
        'DRIVE',
        {'training_path': 'training.zip', 'testing_path': 'test.zip'},
        'data/DRIVE',
    ),
    'stare': _Converter(
        'STARE',
        {
            'image_path': 'stare-images.tar',
            'labels_ah': 'labels-ah.tar',
            'labels_vk': 'labels-vk.tar',
        },
        'data/STARE',
    ),
    'chase_db1': _Converter('CHASE DB1', {'dataset_path': 'CHASEDB1.zip'}, 'data/CHASE_DB1'),
    'hrf': _Converter(
        'HRF',
        {
            f'{kind}{labels}_path': f'{kind}{labels}.zip'
            for kind in ('healthy', 'glaucoma', 'diabetic_retinopathy')
            for labels in ('', '_manualsegm')
        },
        'data/HRF',
    ),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``convert``."""
    names = parser.add_subparsers(dest='converter', required=True, metavar='NAME')
    for name, converter in CONVERTERS.items():
        own = names.add_parser(name, help=converter.summary, description=converter.summary)
        for path, text in converter.paths.items():
            own.add_argument(path, help=text)
        own.add_argument(
            '-o', '--out_dir', '--out-dir', metavar='DIR', help=f'where to ({converter.out_dir})'
        )
        for option in converter.options:
            names_of_it = dict.fromkeys((option.name, option.name.replace('_', '-')))
            own.add_argument(
                *(f'--{spelling}' for spelling in names_of_it),
                type=option.kind,
                metavar='N' if option.kind is int else 'NAME',
                help=option.help,
            )
        _add_run_arguments(own)


def _add_run_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--tmp_dir', metavar='DIR', help='not used: nothing is unpacked; for old scripts'
    )
    parser.add_argument(
        '--workers', '--nproc', type=int, metavar='N', help='threads (one for each core, up to 8)'
    )
    parser.add_argument(
        '--resume',
        action=argparse.BooleanOptionalAction,
        default=True,
        help='go on where an interrupted run stopped (the default), or discard what it left',
    )
    parser.add_argument(
        '--dry-run', action='store_true', help='look at the archives and count; write nothing'
    )


def run(arguments: argparse.Namespace) -> int:
    """Convert; returns the exit code."""
    from mmseg_deeplab.apis.conversion import convert_dataset

    converter = CONVERTERS[arguments.converter]
    given = {option.name: getattr(arguments, option.name) for option in converter.options}
    result = convert_dataset(
        arguments.converter,
        *(getattr(arguments, path) for path in converter.paths),
        out_dir=arguments.out_dir,
        settings={name: value for name, value in given.items() if value is not None},
        workers=arguments.workers,
        resume=arguments.resume,
        only_count=arguments.dry_run,
    )
    print('\n'.join(result.lines()))
    if arguments.dry_run:
        print('nothing was written (--dry-run)')
    elif not result.made:
        print(f'all {result.kept} parts were there from an earlier run')
    return 0
