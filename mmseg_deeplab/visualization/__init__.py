"""visualization (see docs/architecture.md)."""
