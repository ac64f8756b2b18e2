"""JSON Schema of scenario files, for editors: made from the forms that the loader reads and from the words of a domain."""

from rehearse.report.schema.document import schema_text

__all__ = ["schema_text"]
