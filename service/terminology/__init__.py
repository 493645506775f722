"""Codings to concepts: FHIR ValueSets with version and source, asked here only. Knows no resource and no policy."""

from service.terminology.lookup import Terminology, load

__all__ = ["Terminology", "load"]
