"""What a table row says, as sentences a customer may read, in en, de, nl, fr and es."""

from collections.abc import Mapping
from datetime import date

_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
}
_ORDER = {
    "en": "Order {number}{of_date} {state}.",
    "de": "Bestellung {number}{of_date} {state}.",
    "nl": "Bestelling {number}{of_date} {state}.",
    "fr": "La commande {number}{of_date} {state}.",
    "es": "El pedido {number}{of_date} {state}.",
}
_OF_DATE = {"en": " of {}", "de": " vom {}", "nl": " van {}", "fr": " du {}", "es": " del {}"}
_STATES = {
    "en": {
        "processing": "is being processed and has not been shipped yet",
        "waiting for payment": "is waiting for payment and has not been shipped yet",
        "packed": "is packed and is about to be shipped",
        "shipped": "has been shipped{with_carrier}",
        "delivered": "was delivered{on_date}{by_carrier}",
        "returned": "has been returned to us",
        "cancelled": "has been cancelled",
        "refunded": "has been refunded",
        "": "has the status “{status}”",
    },
    "de": {
        "processing": "ist in Bearbeitung und noch nicht versandt",
        "waiting for payment": "wartet auf die Zahlung und ist noch nicht versandt",
        "packed": "ist gepackt und wird gleich versandt",
        "shipped": "ist{with_carrier} versandt",
        "delivered": "wurde{on_date}{by_carrier} zugestellt",
        "returned": "ist an uns zurückgegangen",
        "cancelled": "ist storniert",
        "refunded": "ist erstattet",
        "": "hat den Status „{status}“",
    },
    "nl": {
        "processing": "wordt verwerkt en is nog niet verzonden",
        "waiting for payment": "wacht op betaling en is nog niet verzonden",
        "packed": "is ingepakt en wordt zo verzonden",
        "shipped": "is{with_carrier} verzonden",
        "delivered": "is{on_date}{by_carrier} bezorgd",
        "returned": "is aan ons geretourneerd",
        "cancelled": "is geannuleerd",
        "refunded": "is terugbetaald",
        "": "heeft de status “{status}”",
    },
    "fr": {
        "processing": "est en cours de préparation et n'a pas encore été expédiée",
        "waiting for payment": "est en attente de paiement et n'a pas encore été expédiée",
        "packed": "est emballée et va être expédiée",
        "shipped": "a été expédiée{with_carrier}",
        "delivered": "a été livrée{on_date}{by_carrier}",
        "returned": "nous a été retournée",
        "cancelled": "a été annulée",
        "refunded": "a été remboursée",
        "": "a le statut « {status} »",
    },
    "es": {
        "processing": "está en preparación y todavía no se ha enviado",
        "waiting for payment": "está pendiente de pago y todavía no se ha enviado",
        "packed": "está embalado y a punto de salir",
        "shipped": "se ha enviado{with_carrier}",
        "delivered": "se entregó{on_date}{by_carrier}",
        "returned": "nos ha sido devuelto",
        "cancelled": "está cancelado",
        "refunded": "está reembolsado",
        "": "tiene el estado «{status}»",
    },
}
_SAME_STATE = {
    "canceled": "cancelled",
    "open": "processing",
    "paid": "processing",
    "sent": "shipped",
    "in transit": "shipped",
}
_ON_DATE = {"en": " on {}", "de": " am {}", "nl": " op {}", "fr": " le {}", "es": " el {}"}
_WITH = {"en": " with {}", "de": " mit {}", "nl": " met {}", "fr": " avec {}", "es": " con {}"}
_BY = {"en": " by {}", "de": " von {}", "nl": " door {}", "fr": " par {}", "es": " por {}"}
_TRACKING = {
    "en": "The tracking number is {}.",
    "de": "Die Sendungsnummer ist {}.",
    "nl": "Het volgnummer is {}.",
    "fr": "Le numéro de suivi est {}.",
    "es": "El número de seguimiento es {}.",
}
_PRODUCT = {
    "en": "{name} ({sku}) costs {price} and {stock}.",
    "de": "{name} ({sku}) kostet {price} und {stock}.",
    "nl": "{name} ({sku}) kost {price} en {stock}.",
    "fr": "{name} ({sku}) coûte {price} et {stock}.",
    "es": "{name} ({sku}) cuesta {price} y {stock}.",
}
_STOCK = {
    "en": ("is in stock", "is out of stock at the moment"),
    "de": ("ist auf Lager", "ist zurzeit nicht auf Lager"),
    "nl": ("is op voorraad", "is op dit moment niet op voorraad"),
    "fr": ("est en stock", "n'est pas en stock actuellement"),
    "es": ("está disponible", "no está disponible en este momento"),
}
_WARRANTY = {
    "en": "The warranty lasts {} months.",
    "de": "Die Garantie gilt {} Monate.",
    "nl": "De garantie duurt {} maanden.",
    "fr": "La garantie dure {} mois.",
    "es": "La garantía dura {} meses.",
}


def order_sentence(row: Mapping[str, str], language: str) -> str:
    """Status of an order: when it was placed, where it stands, its tracking number. Names no person, address or price."""
    lang = language if language in _ORDER else "en"
    status = row.get("status", "").strip()
    states = _STATES[lang]
    state = states.get(_SAME_STATE.get(status.lower(), status.lower()), states[""]) if status else states[""]
    ordered, delivered = day(row.get("date", ""), lang), day(row.get("delivered_on", ""), lang)
    carrier, tracking = row.get("carrier", ""), row.get("tracking", "")
    said = state.format(
        status=status or "?",
        on_date=_ON_DATE[lang].format(delivered) if delivered else "",
        by_carrier=_BY[lang].format(carrier) if carrier else "",
        with_carrier=_WITH[lang].format(carrier) if carrier else "",
    )
    text = _ORDER[lang].format(
        number=row.get("number", ""), of_date=_OF_DATE[lang].format(ordered) if ordered else "", state=said
    )
    return f"{text} {_TRACKING[lang].format(tracking)}" if tracking else text


def product_sentence(row: Mapping[str, str], language: str) -> str:
    """Price, stock and warranty of a product."""
    lang = language if language in _PRODUCT else "en"
    amount = row.get("price", "")
    price = f"{amount if lang == 'en' else amount.replace('.', ',')} {row.get('currency', '')}".strip()
    stock = row.get("stock", "").strip()
    there = _STOCK[lang][0 if not stock.isdigit() or int(stock) > 0 else 1]
    text = _PRODUCT[lang].format(name=row.get("name", ""), sku=row.get("sku", ""), price=price, stock=there)
    months = row.get("warranty_months", "").strip()
    return f"{text} {_WARRANTY[lang].format(months)}" if months.isdigit() and int(months) else text


def day(value: str, language: str) -> str:
    """An ISO date as it is written in `language`; other text as it stands."""
    try:
        when = date.fromisoformat(value.strip())
    except ValueError:
        return value.strip()
    month = _MONTHS[language].split()[when.month - 1]
    if language == "de":
        return f"{when.day}. {month} {when.year}"
    if language == "es":
        return f"{when.day} de {month} de {when.year}"
    number = "1er" if language == "fr" and when.day == 1 else str(when.day)
    return f"{number} {month} {when.year}"
