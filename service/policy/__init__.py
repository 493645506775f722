"""Policies as documents: loaded, checked, evaluated on cases. Knows no FHIR."""
