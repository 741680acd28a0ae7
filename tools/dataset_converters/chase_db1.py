"""`mmseg-deeplab convert chase_db1` as a script."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['convert', 'chase_db1', *sys.argv[1:]]))
