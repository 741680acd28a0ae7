"""apis (see docs/architecture.md)."""
