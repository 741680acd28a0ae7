"""`mmseg-deeplab deeplab-pytorch`: train, test and crf with deeplab-pytorch's own options."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['deeplab-pytorch', *sys.argv[1:]]))
