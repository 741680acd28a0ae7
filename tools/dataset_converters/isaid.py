"""`mmseg-deeplab convert isaid` as a script."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['convert', 'isaid', *sys.argv[1:]]))
