"""`mmseg-deeplab convert-weights` for weights of MindCV (MindSpore); back with --to-mindspore."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['convert-weights', '--from', 'mindspore', *sys.argv[1:]]))
