"""Looking a data set over before it is trained on: broken files, wrong labels, leaks."""

from mmseg_deeplab.datasets.audit.duplicates import Fingerprint, compare_splits, fingerprint
from mmseg_deeplab.datasets.audit.findings import ERROR, WARNING, Finding
from mmseg_deeplab.datasets.audit.pairs import check_pairs, require_files, single_datasets
from mmseg_deeplab.datasets.audit.split import SplitAudit, audit_split, class_weights

__all__ = [
    'ERROR',
    'WARNING',
    'Finding',
    'Fingerprint',
    'SplitAudit',
    'audit_split',
    'check_pairs',
    'class_weights',
    'compare_splits',
    'fingerprint',
    'require_files',
    'single_datasets',
]
