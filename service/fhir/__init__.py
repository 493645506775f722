"""FHIR R4 JSON read into a case's facts. Does not know any policy."""
