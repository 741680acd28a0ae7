"""models/decode_heads (see docs/architecture.md)."""
