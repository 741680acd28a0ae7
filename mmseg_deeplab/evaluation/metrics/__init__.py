"""evaluation/metrics (see docs/architecture.md)."""
