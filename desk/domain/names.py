"""Names of people as mail headers give them: told from those of desks, forms and firms."""

import re

_PART = r"[^\W\d_](?:[^\W\d_]|['’.\-])*"
_NAME = re.compile(rf"{_PART}(?: {_PART})*")
# A display name with one of these words is a desk, a form or a firm: nobody is called that.
_NO_PERSON = re.compile(
    r"\b(?:support|team|service|services|info|form|office|billing|accounts?|accounting|warehouse|purchasing|orders?|"
    r"contact|customer|webshop|shop|store|newsletter|mailer|no-?reply|admin|"
    r"kontakt\w*|formular|kunden\w*|buchhaltung|einkauf|vertrieb|verwaltung|sekretariat|praxis|"
    r"klantenservice|administratie|inkoop|boekhouding|magazijn|"
    r"client[s]?|comptabilité|achats|secrétariat|boutique|formulaire|équipe|"
    r"atención|contabilidad|compras|almacén|tienda|formulario|equipo|"
    r"gmbh|ag|kg|ltd|llc|inc|bv|b\.v\.?|nv|sarl|sas|srl|s\.l\.?|s\.a\.?)(?!\w)",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r"^(?:(?:dr|prof|ing|dipl|mag|mr|mrs|ms|mx|sr|sra|dhr|mevr|mme|mlle|hr|fr)\.|(?:herr|frau|mr|mrs|ms|mme|mlle|dr|prof|"
    r"monsieur|madame|señora?|meneer|mevrouw) )\s*",
    re.IGNORECASE,
)
_LONGEST = 40
"""Characters; what is longer is a line of advertising."""


def person(display_name: str) -> str:
    """The name as its bearer writes it ("Vogel, Anna" turned around); empty where it is none: an address, a shop, a form."""
    name = display_name.strip().strip('"')
    if "," in name:
        last, _, given = name.partition(",")
        name = f"{given.strip()} {last.strip()}"
    return "" if not _NAME.fullmatch(name) or len(name) > _LONGEST or _NO_PERSON.search(name) else name


def first(name: str) -> str:
    """The first name without titles before it; the whole where that is only an initial or a last name."""
    rest = name
    while (shorter := _TITLE.sub("", rest)) not in ("", rest):
        rest = shorter
    given = rest.split()[0]
    if rest == given != name:
        return name
    return rest if given.endswith(".") else given
