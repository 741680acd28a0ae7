"""models/utils (see docs/architecture.md)."""
