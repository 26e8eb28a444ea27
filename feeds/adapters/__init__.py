"""What touches a disk on behalf of feeds."""
