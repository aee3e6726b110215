"""The recording screen: presenter and view."""
