"""datasets/transforms (see docs/architecture.md)."""
