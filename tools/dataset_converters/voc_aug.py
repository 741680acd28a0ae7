"""`mmseg-deeplab convert voc_aug` as a script."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['convert', 'voc_aug', *sys.argv[1:]]))
