"""`mmseg-deeplab detectron2` as a script with the arguments of Detectron2's train_net.py."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['detectron2', *sys.argv[1:]]))
