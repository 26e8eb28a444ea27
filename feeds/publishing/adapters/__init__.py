"""Published documents on the disk, and what is remembered of them between two builds."""
