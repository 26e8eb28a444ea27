"""What a reader sees: entries, selections, documents and the gate before they are published."""
