"""What is odd about a hook request, said to the engineers who connect an EHR. Repeats nothing that identifies the
patient, decides nothing, and raises on no input: `examine` is all that an edge needs."""

from service.doctor.examination import examine
from service.doctor.report import Report

__all__ = ["Report", "examine"]
