"""`mmseg-deeplab audit` as a script: look a config's data over before training."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['audit', *sys.argv[1:]]))
