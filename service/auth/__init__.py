"""Who calls: CDS Hooks client authentication (specification 2.0, "Trusting CDS Clients"). Knows no Flask, no database.

PyJWT does the cryptography, not joserfc, because it is by far the wider used and scrutinised of the two, and what
joserfc has over it, a clock passed in for the claims, is not needed where claims are checked in a table of our own
that refuses more than either does (repeated members, a lifetime without bound)."""

from service.auth.gate import Gate, Refused, Verified
from service.auth.refused import Reason

__all__ = ["Gate", "Reason", "Refused", "Verified"]
