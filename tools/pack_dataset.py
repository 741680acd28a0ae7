"""`mmseg-deeplab pack` as a script."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['pack', *sys.argv[1:]]))
