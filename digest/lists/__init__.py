"""Lists of addresses: from other systems, and to them."""
