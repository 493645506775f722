"""What is kept of calls: who asked (by keyed hashes), what was determined, which cards went out, how they were taken;
and the answers to the forms that cards link to.

Knows determinations, policies and answers to cards; knows no chart, no request and no card's text."""

from service.store.database import Unkept
from service.store.entries import (
    Answers,
    Call,
    CardSent,
    Criterion,
    Earlier,
    Feedback,
    FormKept,
    FormSent,
    OrderKey,
    Pruned,
    Subject,
    Term,
    Told,
)
from service.store.records import Store

__all__ = [
    "Answers",
    "Call",
    "CardSent",
    "Criterion",
    "Earlier",
    "Feedback",
    "FormKept",
    "FormSent",
    "OrderKey",
    "Pruned",
    "Store",
    "Subject",
    "Term",
    "Told",
    "Unkept",
]
