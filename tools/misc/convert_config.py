"""`mmseg-deeplab convert-config` as a script: OLD NEW."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['convert-config', *sys.argv[1:]]))
