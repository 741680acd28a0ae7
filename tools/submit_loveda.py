"""`mmseg-deeplab submit-loveda` as a script."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['submit-loveda', *sys.argv[1:]]))
