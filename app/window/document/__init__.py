"""The document screen: plain model, presenter, view."""
