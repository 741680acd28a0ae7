"""datasets/synthetic (see docs/architecture.md)."""
