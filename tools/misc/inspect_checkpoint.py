"""`mmseg-deeplab inspect` as a script."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['inspect', *sys.argv[1:]]))
