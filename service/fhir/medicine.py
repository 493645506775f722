"""Which product a medication is, and to which concepts it belongs.

Knows a policy's Questions and the terminology; reads no dose and no resource but the CodeableConcept it is given."""

from __future__ import annotations

from service.case import Product, Questions
from service.determination import Evidence
from service.fhir.elements import Json, label
from service.fhir.product import Choice, Looked
from service.fhir.strength import read_strength
from service.fhir.wording import tokens, vocabulary
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


class Shelf:
    """The medications of one chart that were looked at, each once: a chart names the same one to several readers."""

    def __init__(self) -> None:
        # A CodeableConcept is known by its identity; the entry holds it, so that no other can take its identity.
        self._seen: dict[tuple[int, int], tuple[Json, Looked, Choice | None]] = {}

    def look(self, concept: Json | None, questions: Questions, terms: Terminology) -> tuple[Looked, Choice | None]:
        """The concept as the questions see it, and what it can be."""
        if concept is None:
            return Looked(concept, questions, terms), None
        key = (id(concept), id(questions))
        if key not in self._seen:
            looked = Looked(concept, questions, terms)
            self._seen[key] = (concept, looked, looked.choose())
        return self._seen[key][1:]


def recognise(
    concept: Json | None,
    *,
    reference: str,
    path: str,
    questions: Questions,
    terms: Terminology,
    shelf: Shelf | None = None,
) -> Product | None:
    """The product that a medication names (READING 3, 15), with the strength that its codes and texts name.

    Null for another drug; without `id` and `candidates` it is the drug, but no product of the policy's."""
    looked, choice = (shelf or Shelf()).look(concept, questions, terms)
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
        remarks=(*choice.remarks, *disagree),
    )


def concepts_of(
    concept: Json | None, *, questions: Questions, terms: Terminology, shelf: Shelf | None = None
) -> frozenset[str]:
    """The medicine concepts that a medication belongs to, by code, else by plain text: generics (trials), classes
    (companions; never the drug itself, whose own code can stand in the class), the ingredient (allergies)."""
    looked, choice = (shelf or Shelf()).look(concept, questions, terms)
    if choice is None:
        return looked.concepts | {c for c in questions.companions if looked.plainly(terms.names(c))}
    drug = questions.drug
    own = (looked.concepts - questions.companions - frozenset(drug.generics)) | {drug.ingredient}
    if choice.products:
        brands = {p.concept for p in questions.products}
        return own - brands | {p.concept for p in choice.products if choice.sure}
    coded = looked.concepts & frozenset(drug.generics)
    return own | (coded or looked.named_generics() or _by_text(looked, drug.generics))


def _by_text(looked: Looked, generics: tuple[str, ...]) -> frozenset[str]:
    """The one generic whose form the text or a device's code says; none where it says two, or is in doubt."""
    words = frozenset(word for said in (*looked.texts, *looked.coded_forms()) for word in tokens(said))
    said = {g for g in generics if words & _FORMS.get(g.rsplit("-", 1)[-1], frozenset())}
    return frozenset(said) if len(said) == 1 and not words & _DENIALS else frozenset()
