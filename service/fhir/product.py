"""What a medication's codings and texts can be: a brand for certain, several, the drug without a product, or neither.

Knows codes only as concepts and names only as a policy's Questions give them; reads no resource."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from service.fhir.elements import Coding, Json, codings, text
from service.fhir.strength import Named, named_in, read_strength
from service.fhir.wording import names_in, plainly_named, tokens, vocabulary
from service.questions import ProductQuestion, Questions
from service.terminology import Terminology
from service.terminology.lookup import NDC, canonical

Products = tuple[ProductQuestion, ...]
_DENIALS = vocabulary("no not never without substitute")


@dataclass(frozen=True, slots=True)
class Choice:
    """The products that it can be (`sure`: it is that one); none is the drug without a product."""

    products: Products = ()
    sure: bool = False
    remarks: tuple[str, ...] = ()


class Looked:
    """A concept as a policy's questions see it: its codings with their concepts, its own text and its displays."""

    def __init__(self, concept: Json | None, questions: Questions, terms: Terminology) -> None:
        self._drug = questions.drug
        self._products = questions.products
        self._terms = terms
        self.coded = tuple((c, terms.concepts(c.system, c.code)) for c in codings(concept))
        self.concepts = frozenset[str]().union(*(sets for _, sets in self.coded))
        displays = [c.display for c, _ in self.coded if c.display]
        own = text(concept, "text")
        self.texts = tuple(dict.fromkeys([own, *displays] if own else displays))
        self.silent = frozenset(c for c, sets in self.coded if self._drug.silent in sets)
        self.named = tuple(p for p in self._products if self._names(p.names))
        self.levels = tuple(p for p in self._products if p.generic_level in self.concepts)
        self.unlisted = self._having([self._drug.unlisted_devices])

    def _having(self, concepts: Iterable[str]) -> tuple[Coding, ...]:
        wanted = frozenset(concepts)
        return tuple(coding for coding, sets in self.coded if sets & wanted)

    def _names(self, names: Iterable[str]) -> bool:
        listed = tuple(names)
        return any(names_in(listed, said) for said in self.texts)

    def plainly(self, names: Iterable[str], *, brand: bool = True) -> bool:
        """Whether a text names one of `names`, and every text that does means it."""
        listed = tuple(names)
        naming = [said for said in self.texts if names_in(listed, said)]
        return bool(naming) and all(plainly_named(listed, said, brand=brand) for said in naming)

    def says_generic(self) -> bool:
        """Whether a text says that it is a generic."""
        return any(_says_generic(said) for said in self.texts)

    def choose(self) -> Choice | None:
        """What it is: by a brand's code, then a brand's name, then a code or text of a brand's form (reading 3, 15);
        null for another drug."""
        branded = tuple(p for p in self._products if p.concept in self.concepts)
        if branded:
            return self._by_code(branded)
        reviewed = self._reviewed()
        if self.named:
            return self._by_name(reviewed)
        if reviewed:
            return _open(reviewed, "Its code is not verified to name the brand")
        if not self._is_drug():
            return None
        return Choice() if self._generic() or self.says_generic() else self._by_form()

    def _generic(self) -> bool:
        """Whether a code, or a brand that the policy does not govern, names a generic."""
        return self._coded_generic() or self._names(self._ungoverned())

    def _coded_generic(self) -> bool:
        codes = self._having([*self._drug.generics, self._drug.unspecific])
        return any(code not in self.silent for code in codes)

    def named_generics(self) -> frozenset[str]:
        """The generics that a text names by a name of their own (a brand that the policy does not govern)."""
        return frozenset(g for g in self._drug.generics if self._names(self._terms.names(g)))

    def _ungoverned(self) -> tuple[str, ...]:
        return tuple(name for generic in self._drug.generics for name in self._terms.names(generic))

    def _is_drug(self) -> bool:
        drug = self._drug
        known = {drug.ingredient, *drug.generics, drug.unspecific, drug.unlisted_devices}
        coded = bool(self.levels or known & self.concepts)
        return coded or self.plainly(drug.names, brand=False) or self.plainly(self._ungoverned())

    def _by_code(self, branded: Products) -> Choice:
        brand = branded[0]
        if len(branded) > 1:
            return _open(branded, "Its codes name more than one product")
        if self._coded_generic():
            return _open(branded, f"One of its codes names {brand.name}, another a generic")
        if other := self._other_form(brand):
            return _open((brand, *other), f"One code names {brand.name}, another is of another form or strength")
        ungoverned = [name for name in self._ungoverned() if self._names([name])]
        others = " and ".join([*(p.name for p in self.named if p != brand), *ungoverned])
        remark = f"Its code names {brand.name}, its text {others}: the code counts"
        return Choice((brand,), sure=True, remarks=(remark,) if others else ())

    def _by_name(self, reviewed: Products) -> Choice:
        brand = self.named[0]
        both = tuple(p for p in self._products if p in self.named or p in reviewed)
        if len(both) > 1:
            return _open(both, "It names more than one product")
        if self._generic():
            return _open(both, f"It names {brand.name}, and a generic")
        if other := self._other_form(brand):
            return _open((brand, *other), f"Its text names {brand.name}, its code another form or strength")
        if self.unlisted:
            return _open(both, f"Its code is of a strength in which {brand.name} is not made")
        if self.says_generic() or not self.plainly(brand.names):
            return _open(both, f"Its text does not plainly order {brand.name}")
        return Choice((brand,), sure=True)

    def _other_form(self, brand: ProductQuestion) -> Products:
        """The products of whose form another coding is, where it is not a form or strength of the brand's.

        A device of a strength that no table lists is another form's wherever the brand is made in that strength."""
        mine = {s.mg for s in brand.strengths}
        if self.unlisted and (not mine or any(self.milligrams(code) in mine for code in self.unlisted)):
            return tuple(p for p in self._products if p.strengths and p != brand)
        foreign = [sets for _, sets in self.coded if brand.generic_level not in sets]
        return tuple(p for p in self.levels if p != brand and any(p.generic_level in sets for sets in foreign))

    def _reviewed(self) -> Products:
        """The products that codes not verified yet are said to be; a labeler's other codes say none."""
        values = {self._terms.value(c.system, c.code) for c in self._having([self._drug.review])}
        return tuple(p for p in self._products if p.id in values)

    def _by_form(self) -> Choice:
        if self.levels or self.unlisted:
            if self._foreign_ndc():
                return Choice()
            could = self._common_level() or self.levels or self._of_form() or self._of_unlisted()
            return _open(could, "Its code is of a form that a brand comes in, and names no brand")
        could = self._of_form()
        return _open(could, "It names a form that a brand comes in, but no brand") if could else Choice()

    def _of_unlisted(self) -> Products:
        """The products of whose form a device of an unlisted strength can be: those not made in that strength."""
        named = {self.milligrams(code) for code in self.unlisted}
        return tuple(p for p in self._products if p.strengths and not named & {s.mg for s in p.strengths})

    def _common_level(self) -> Products:
        """The products that every generic-level code fits."""
        levels = {p.generic_level for p in self.levels}
        sets = [found for _, found in self.coded if found & levels]
        return tuple(p for p in self.levels if all(p.generic_level in found for found in sets))

    def _foreign_ndc(self) -> bool:
        """Whether an NDC that is no brand's stands beside a device's code: a generic auto-injector or syringe."""
        if not self.unlisted and not any(p.strengths for p in self.levels):
            return False
        brands = {p.concept for p in self._products} | {self._drug.review}
        return any(not sets & brands for c, sets in self.coded if canonical(c.system) == NDC and c.code)

    def _of_form(self) -> Products:
        """The products of the form that a text says, and of these the ones made in the strength that it names."""
        said = ["".join(tokens(said)) for said in self.texts]
        of_form = tuple(p for p in self._products if any("".join(tokens(p.form)) in one for one in said))
        named = self.strengths(())
        return tuple(p for p in of_form if read_strength(named, [p]).listed is not False) or of_form

    def coded_forms(self) -> tuple[str, ...]:
        """The forms that codes of a form (not of a brand) say."""
        of_code = self.levels or tuple(p for p in self._products if p.strengths and self.unlisted)
        return tuple(dict.fromkeys(p.form for p in of_code))

    def strengths(self, products: Products) -> tuple[Named, ...]:
        """The strengths that verified codes and the texts name: not a text that names another product, nor the
        display of a billing code, which names its billing unit."""
        by_code = [mg for mg in (self.milligrams(c) for c, _ in self.coded) if mg is not None]
        others = [p for p in self.named if p not in products]
        passed = {c.display for c in self.silent}
        said = [t for t in self.texts if t not in passed and not any(names_in(p.names, t) for p in others)]
        return (*(Named(mg=mg, says=f"{mg} mg") for mg in by_code), *(one for t in said for one in named_in(t)))

    def milligrams(self, coding: Coding) -> Decimal | None:
        """The strength in mg that the value sets verify for a code."""
        value = self._terms.value(coding.system, coding.code)
        try:
            return Decimal(value) if value else None
        except InvalidOperation:
            return None


def _says_generic(said: str) -> bool:
    """Whether "generic" is said of it: not as a kind of name, and not denied ("no generic", "do not substitute …")."""
    words = tokens(said)
    places = [n for n, word in enumerate(words) if word == "generic" and words[n + 1 : n + 2] != ("name",)]
    return any(_DENIALS.isdisjoint(words[max(n - 4, 0) : n]) for n in places)


def _open(products: Products, why: str) -> Choice:
    among = f": {' or '.join(p.name for p in products)}" if len(products) > 1 else ""
    return Choice(products, remarks=(f"{why}{among}",))
