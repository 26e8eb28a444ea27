"""What is published: articles, the acts that change them, their identity and their intake."""
