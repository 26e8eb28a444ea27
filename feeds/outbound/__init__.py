"""What feeds do towards the outside: hubs are told (WebSub), and our own documents are looked at."""
