"""Countersign: written drug policies, decided on FHIR R4 charts at the moment of signing."""
