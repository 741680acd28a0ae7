"""`mmseg-deeplab convert vaihingen` as a script."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['convert', 'vaihingen', *sys.argv[1:]]))
