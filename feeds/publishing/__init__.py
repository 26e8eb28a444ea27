"""Publishing: from the article store to the documents that readers fetch."""
