"""``python -m mmseg_deeplab.cli`` is ``mmseg-deeplab``."""

import sys

from mmseg_deeplab.cli.main import main

if __name__ == '__main__':
    sys.exit(main())
