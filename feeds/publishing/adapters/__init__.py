"""Where documents lie, and what is remembered of them between two builds."""
