"""models/backbones (see docs/architecture.md)."""
