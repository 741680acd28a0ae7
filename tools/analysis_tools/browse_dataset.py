"""`mmseg-deeplab browse-dataset` as a script: pictures of what a data set gives."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['browse-dataset', *sys.argv[1:]]))
