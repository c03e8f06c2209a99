"""The HTTP contract: parse, call the library, respond. Nothing here decides anything."""
