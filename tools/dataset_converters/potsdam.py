"""`mmseg-deeplab convert potsdam` as a script."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['convert', 'potsdam', *sys.argv[1:]]))
