"""`mmseg-deeplab convert pascal_context` as a script."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['convert', 'pascal_context', *sys.argv[1:]]))
