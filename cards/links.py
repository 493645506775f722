"""Where cards link to: the policy's own page, one anchor for each clause by its number, and an order's form."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from cards.markdown import escape
from service.determination import PolicyId

Link = dict[str, str]


@dataclass(frozen=True, slots=True)
class Page:
    """The page of one revision of a policy; without a `url`, numbers stand alone."""

    policy: PolicyId
    url: str | None = None

    @classmethod
    def of(cls, policy: PolicyId, service_url: str | None) -> Page:
        """The page of a policy at a service; `service_url` None where it is not known, or no links are wanted."""
        path = f"/policies/{quote(policy.id, safe='')}/{quote(policy.version, safe='')}"
        return cls(policy, f"{service_url}{path}" if service_url else None)

    def at(self, ref: str) -> str | None:
        """The address of a clause."""
        return f"{self.url}#{quote(ref, safe='')}" if self.url else None

    def cite(self, ref: str) -> str:
        """A clause's number as markdown, linked to its clause."""
        address = self.at(ref)
        return f"[{escape(ref)}]({address})" if address else escape(ref)

    def link(self, ref: str | None) -> tuple[Link, ...]:
        """The link of a card to where the policy says it (CDS Hooks 2.0.1, N79)."""
        if not self.url:
            return ()
        section = f", {ref.replace('-', ' ') if ref.startswith('alert-') else f'section {ref}'}" if ref else ""
        label = f"Policy {self.policy.id}, revision {self.policy.version}{section}"
        return ({"label": label, "url": self.at(ref) or self.url if ref else self.url, "type": "absolute"},)


def form_link(address: str | None, again: bool) -> tuple[Link, ...]:
    """The link of a card to the form that asks for what is missing, or `again` for what was answered no."""
    label = "Correct what was answered no" if again else "Fill in what is missing"
    return ({"label": label, "url": address, "type": "absolute"},) if address else ()
