"""`mmseg-deeplab test-table` as a script."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['test-table', *sys.argv[1:]]))
