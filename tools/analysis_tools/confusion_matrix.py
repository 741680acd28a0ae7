"""`mmseg-deeplab confusion-matrix` as a script: from predictions that were saved."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['confusion-matrix', *sys.argv[1:]]))
