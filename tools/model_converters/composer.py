"""`mmseg-deeplab convert-weights` for weights of Composer; back with --to-composer."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['convert-weights', '--from', 'composer', *sys.argv[1:]]))
