"""What touches a database or a disk on behalf of articles."""
