"""`mmseg-deeplab get-flops` as a script: a model's parameters and multiply-adds."""

import sys

from mmseg_deeplab.cli import main

if __name__ == '__main__':
    sys.exit(main(['get-flops', *sys.argv[1:]]))
