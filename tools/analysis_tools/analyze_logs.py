"""`mmseg-deeplab analyze-logs` as a script: curves and time statistics from logs of runs."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['analyze-logs', *sys.argv[1:]]))
