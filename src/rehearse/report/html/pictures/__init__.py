"""Pictures of panels as inline SVG, drawn by matplotlib only where a page shows one."""

from rehearse.report.html.pictures.draw import Picture, picture_of

__all__ = ["Picture", "picture_of"]
