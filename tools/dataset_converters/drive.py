"""`mmseg-deeplab convert drive` as a script."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['convert', 'drive', *sys.argv[1:]]))
