"""`mmseg-deeplab download` as a script, where users of MMSegmentation look for it."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['download', *sys.argv[1:]]))
