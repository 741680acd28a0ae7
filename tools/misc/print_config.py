"""`mmseg-deeplab print-config` as a script: a config after its bases and options."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['print-config', *sys.argv[1:]]))
