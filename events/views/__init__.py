"""Faces of the event: public pages, the stage (host and projector), the organisers' pages."""
