"""HTTP requests and responses, by family of use cases. Times are RFC 3339 with their offset."""
