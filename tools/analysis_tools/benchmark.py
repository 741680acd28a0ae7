"""`mmseg-deeplab benchmark` as a script: images per second of a model."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['benchmark', *sys.argv[1:]]))
