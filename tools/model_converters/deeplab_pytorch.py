"""`mmseg-deeplab convert-weights` for deeplab-pytorch; back with --to-deeplab-pytorch."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['convert-weights', '--from', 'deeplab_pytorch', *sys.argv[1:]]))
