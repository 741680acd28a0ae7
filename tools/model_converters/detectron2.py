"""`mmseg-deeplab convert-weights` for weights of Detectron2; back with --to-detectron2."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['convert-weights', '--from', 'detectron2', *sys.argv[1:]]))
