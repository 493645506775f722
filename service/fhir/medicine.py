"""Which product a medication is, and to which concepts it belongs.

Knows a policy's Questions and the terminology; reads no dose and no resource but the CodeableConcept it is given."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from service.case import Product
from service.determination import Evidence
from service.fhir.elements import Coding, Json, codings, label, text
from service.fhir.product import Looked
from service.fhir.strength import read_strength
from service.fhir.wording import names_in, tokens, vocabulary
from service.questions import Questions
from service.terminology import Terminology

# How a text says a generic's form, by the last word of the generic's concept.
_FORMS = {
    "injection": vocabulary(
        """
        inj injection injections injectable vial vials subcutaneous subcutaneously subq sc sq intramuscular
        intramuscularly im injector autoinjector syringe syringes
        """
    ),
    "oral": vocabulary("tablet tablets tab tabs oral orally pill pills capsule capsules po"),
}
_DENIALS = vocabulary("no not non never without or vs versus from instead than switch switched replace replaces")


@dataclass(frozen=True, slots=True)
class Medication:
    """Where an order's drug stands: its CodeableConcept, whose reference and path; `lost` names one that
    is referred to and cannot be had."""

    concept: Json | None
    reference: str
    path: str
    lost: str | None = None


class Seen:
    """A medication as a policy's questions see it, what it can be, and the concepts that it belongs to."""

    def __init__(self, concept: Json | None, questions: Questions, terms: Terminology) -> None:
        self._questions = questions
        self._terms = terms
        self.looked = Looked(concept, questions, terms)
        self.choice = self.looked.choose()

    @cached_property
    def concepts(self) -> frozenset[str]:
        """See `concepts_of`."""
        looked, choice, drug = self.looked, self.choice, self._questions.drug
        classes = self._questions.companions
        if choice is None:
            return looked.concepts | {c for c in classes if looked.plainly(self._terms.names(c))}
        own = (looked.concepts - classes - frozenset(drug.generics)) | {drug.ingredient}
        if choice.products:
            brands = {p.concept for p in self._questions.products}
            return own - brands | {p.concept for p in choice.products if choice.sure}
        coded = looked.concepts & frozenset(drug.generics)
        return own | (coded or looked.named_generics() or _by_text(looked, drug.generics))

    @cached_property
    def mentions_companion(self) -> bool:
        """Whether a text names a medicine of the classes asked for, plainly or not."""
        names = [self._terms.names(c) for c in self._questions.companions]
        return any(names_in(listed, said) for listed in names for said in self.looked.texts)


class Shelf:
    """The medications of one chart that were looked at, each once: a chart names the same one to several readers, and
    in several records."""

    def __init__(self) -> None:
        # A CodeableConcept is known by its identity; the entry holds it, so that no other can take its identity.
        self._seen: dict[tuple[int, int], tuple[Json | None, Seen]] = {}
        self._said: dict[tuple[int, str | None, tuple[Coding, ...]], Seen] = {}

    def look(self, concept: Json | None, questions: Questions, terms: Terminology) -> Seen:
        """The concept as the questions see it; its text and its codings are all that counts."""
        key = (id(concept), id(questions))
        if key not in self._seen:
            said = (id(questions), text(concept, "text"), tuple(codings(concept)))
            if said not in self._said:
                self._said[said] = Seen(concept, questions, terms)
            self._seen[key] = (concept, self._said[said])
        return self._seen[key][1]


def recognise(
    concept: Json | None,
    *,
    reference: str,
    path: str,
    questions: Questions,
    terms: Terminology,
    shelf: Shelf | None = None,
) -> Product | None:
    """The product that a medication names (reading 3, 15), with the strength that its codes and texts name.

    Null for another drug; without `id` and `candidates` it is the drug, but no product of the policy's."""
    seen = (shelf or Shelf()).look(concept, questions, terms)
    looked, choice = seen.looked, seen.choice
    if choice is None:
        return None
    says = label(concept) or questions.drug.name
    strength = read_strength(looked.strengths(choice.products), choice.products)
    disagree = (
        ("The strengths that it names disagree, with each other or with the product's, and none was used",)
        if strength.disagree
        else ()
    )
    return Product(
        id=choice.products[0].id if choice.sure else None,
        candidates=() if choice.sure else tuple(p.id for p in choice.products),
        drug=looked.texts[0] if looked.texts else says,
        evidence=(Evidence(reference, path, says),),
        strength_mg=strength.mg,
        mg_per_ml=strength.per_ml,
        strength_listed=strength.listed,
        strength_text=strength.says,
        names=(*questions.drug.names, *(name for p in choice.products for name in p.names)),
        remarks=(*choice.remarks, *disagree),
    )


def concepts_of(
    concept: Json | None, *, questions: Questions, terms: Terminology, shelf: Shelf | None = None
) -> frozenset[str]:
    """The medicine concepts that a medication belongs to, by code, else by plain text: generics (trials), classes
    (companions; never the drug itself, whose own code can stand in the class), the ingredient (allergies)."""
    return (shelf or Shelf()).look(concept, questions, terms).concepts


def _by_text(looked: Looked, generics: tuple[str, ...]) -> frozenset[str]:
    """The one generic whose form the text or a device's code says; none where it says two, or is in doubt."""
    words = frozenset(word for said in (*looked.texts, *looked.coded_forms()) for word in tokens(said))
    said = {g for g in generics if words & _FORMS.get(g.rsplit("-", 1)[-1], frozenset())}
    return frozenset(said) if len(said) == 1 and not words & _DENIALS else frozenset()
