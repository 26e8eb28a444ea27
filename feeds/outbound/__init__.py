"""Outbound requests of feeds: hubs are told (WebSub), and our own documents are looked at."""
