"""A feed's archive: which articles it holds, and which document of its history holds each (RFC 5005)."""
