"""`mmseg-deeplab convert voc_trainaug` as a script."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['convert', 'voc_trainaug', *sys.argv[1:]]))
