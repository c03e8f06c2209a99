"""The move of a library to object storage and a database."""
