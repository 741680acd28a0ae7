"""`mmseg-deeplab convert-weights` for weights of Caffe that deeplab-pytorch is converted from."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['convert-weights', '--from', 'caffe', *sys.argv[1:]]))
