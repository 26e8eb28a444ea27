"""What a recipient sees: periods, selection, editions, letters and their delivery."""
