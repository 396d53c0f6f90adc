"""Run by a Python that has fideslang 3.1.4 and rdflib: the two exports, checked by the vocabularies' own libraries."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path


def fideslang(path: Path) -> list[str]:
    """What the package refuses, and every key that neither the export nor the default taxonomy has."""
    from fideslang.default_taxonomy import DEFAULT_TAXONOMY  # type: ignore[import-not-found]
    from fideslang.models import Taxonomy  # type: ignore[import-not-found]
    from fideslang.relationships import get_referenced_missing_keys  # type: ignore[import-not-found]

    taxonomy = Taxonomy.model_validate(json.loads(path.read_text("utf-8")))
    groups = (DEFAULT_TAXONOMY.data_use, DEFAULT_TAXONOMY.data_category, DEFAULT_TAXONOMY.data_subject)
    known = {each.fides_key for group in groups for each in group}
    return sorted(get_referenced_missing_keys(taxonomy) - known)


def dpv(path: Path, terms: Path, least: int = 60) -> list[str]:
    """Every term of the vocabulary that an RDF library finds in the export and the list does not have."""
    from rdflib import Graph, URIRef  # type: ignore[import-not-found]

    warnings.simplefilter("ignore")  # rdflib's own JSON-LD reader warns of itself
    graph = Graph().parse(str(path), format="json-ld")
    used = {str(each) for triple in graph for each in triple if isinstance(each, URIRef)}
    known = set(terms.read_text("utf-8").split("\n"))
    # What a receipt conforms to is a profile, which no list of terms has.
    found = {each for each in used if each.startswith("https://w3id.org/dpv") and "/dpv/schema/" not in each}
    return sorted(found - known) or ([] if len(found) > least else ["hardly any term was found"])


if __name__ == "__main__":
    if sys.argv[1] == "receipt":
        sys.exit("\n".join(dpv(Path(sys.argv[2]), Path(sys.argv[3]), 8)) or 0)
    folder = Path(sys.argv[1])
    wrong = fideslang(folder / "fides.json") + dpv(folder / "record.jsonld", Path(sys.argv[2]))
    sys.exit("\n".join(wrong) or 0)
