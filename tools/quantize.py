"""`mmseg-deeplab quantize` as a script: int8 inference, with its mIoU before and after."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['quantize', *sys.argv[1:]]))
