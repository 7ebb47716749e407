"""Faces of the room: HTTP only."""
