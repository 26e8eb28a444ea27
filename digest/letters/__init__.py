"""Letters: what one recipient is shown, as the two parts of a message."""
