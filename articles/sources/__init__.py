"""Sources: the port by which texts come in, pure readers of pages and Markdown, and rule sets as data."""
