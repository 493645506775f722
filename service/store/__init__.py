"""What is kept of calls: who asked (by keyed hashes), what was determined, which cards went out, how they were taken.

Knows determinations, policies and answers to cards; knows no chart, no request and no card's text."""

from service.store.database import Unkept
from service.store.entries import Call, CardSent, Criterion, Earlier, Feedback, Pruned, Subject, Term, Told
from service.store.records import Store

__all__ = [
    "Call",
    "CardSent",
    "Criterion",
    "Earlier",
    "Feedback",
    "Pruned",
    "Store",
    "Subject",
    "Term",
    "Told",
    "Unkept",
]
