"""models/segmentors (see docs/architecture.md)."""
