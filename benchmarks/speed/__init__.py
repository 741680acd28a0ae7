"""MMSegmentation and this project timed in turns on one machine: ``make bench``."""
