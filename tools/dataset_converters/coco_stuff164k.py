"""`mmseg-deeplab convert coco_stuff164k` as a script."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['convert', 'coco_stuff164k', *sys.argv[1:]]))
