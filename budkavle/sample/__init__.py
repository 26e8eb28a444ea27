"""A newsroom of two publishers that do not exist: their articles of six weeks, and who reads them."""
