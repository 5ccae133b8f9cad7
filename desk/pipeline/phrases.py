"""Our own sentences, by language and register: the frame of a composed reply. They promise nothing but a person's eyes."""

from dataclasses import dataclass

from desk.config import MailboxConfig
from desk.domain import names
from desk.domain.enums import Register
from desk.pipeline.voice import Voice


@dataclass(frozen=True, slots=True)
class Phrases:
    """The sentences of one language. Pairs are (formal, casual); `{name}` and `{number}` are filled in."""

    greeting: tuple[str, str]
    greeting_nameless: tuple[str, str]
    thanks: tuple[str, str]
    apology: tuple[str, str]
    idea: tuple[str, str]
    part: tuple[str, str]
    facts: tuple[str, str]
    other_language: tuple[str, str]
    unsure: tuple[str, str]
    passed_on: tuple[str, str]
    asked_too: tuple[str, str]
    ask_order: tuple[str, str]
    closing: tuple[str, str]
    welcome: tuple[str, str]


PHRASES: dict[str, Phrases] = {
    "en": Phrases(
        greeting=("Dear {name},", "Hi {name},"),
        greeting_nameless=("Dear customer,", "Hello,"),
        thanks=("Thank you for your message.", "Thanks for your message."),
        apology=("I am sorry for the trouble this has caused you.", "Sorry for the trouble this has caused you."),
        idea=(
            "Thank you for the suggestion; I have noted it for the team.",
            "Thanks for the idea, I have noted it for the team.",
        ),
        part=("On your other question:", "And on your other question:"),
        facts=("This is what I see on our side:", "Here is what I see on our side:"),
        other_language=(
            "We have this information in English only, so I am answering in English.",
            "We only have this in English, so I am answering in English.",
        ),
        unsure=(
            "If this does not answer your question, please reply to this message.",
            "If that is not what you meant, just reply to this mail.",
        ),
        passed_on=(
            "I am looking into this with a colleague and will come back to you.",
            "I am looking into this with a colleague and will get back to you.",
        ),
        asked_too=("You also wrote: “{question}”", "You also wrote: “{question}”"),
        ask_order=(
            "Could you please send me the order number so that I can look it up?",
            "Could you send me the order number so I can look it up?",
        ),
        closing=("Kind regards,", "Best wishes,"),
        welcome=("You are very welcome.", "You're very welcome!"),
    ),
    "de": Phrases(
        greeting=("Guten Tag {name},", "Hallo {name},"),
        greeting_nameless=("Guten Tag,", "Hallo,"),
        thanks=("vielen Dank für Ihre Nachricht.", "danke für deine Nachricht."),
        apology=(
            "es tut mir leid, dass Sie damit Ärger hatten.",
            "es tut mir leid, dass du damit Ärger hattest.",
        ),
        idea=(
            "vielen Dank für Ihren Vorschlag; ich habe ihn für das Team notiert.",
            "danke für deine Idee, ich habe sie für das Team notiert.",
        ),
        part=("Zu Ihrer anderen Frage:", "Und zu deiner anderen Frage:"),
        facts=("Das sehe ich bei uns:", "Das sehe ich bei uns:"),
        other_language=(
            "Diese Auskunft haben wir leider nur auf Englisch:",
            "Das haben wir leider nur auf Englisch:",
        ),
        unsure=(
            "Falls das Ihre Frage nicht beantwortet, antworten Sie bitte einfach auf diese Nachricht.",
            "Falls du etwas anderes gemeint hast, antworte einfach auf diese Mail.",
        ),
        passed_on=(
            "Ich kläre das im Team und melde mich wieder bei Ihnen.",
            "Ich kläre das im Team und melde mich wieder bei dir.",
        ),
        asked_too=("Sie schreiben außerdem: „{question}“", "Du schreibst außerdem: „{question}“"),
        ask_order=(
            "Könnten Sie mir bitte die Bestellnummer nennen, damit ich nachsehen kann?",
            "Kannst du mir bitte die Bestellnummer schicken, damit ich nachsehen kann?",
        ),
        closing=("Mit freundlichen Grüßen", "Viele Grüße"),
        welcome=("sehr gern geschehen.", "sehr gern geschehen!"),
    ),
    "nl": Phrases(
        greeting=("Geachte {name},", "Hoi {name},"),
        greeting_nameless=("Geachte klant,", "Hallo,"),
        thanks=("Hartelijk dank voor uw bericht.", "Bedankt voor je bericht."),
        apology=("Het spijt me dat u hier last van hebt gehad.", "Het spijt me dat je hier last van hebt gehad."),
        idea=(
            "Hartelijk dank voor uw suggestie; ik heb die voor het team genoteerd.",
            "Bedankt voor je idee, ik heb het voor het team genoteerd.",
        ),
        part=("Over uw andere vraag:", "En over je andere vraag:"),
        facts=("Dit zie ik in ons systeem:", "Dit zie ik in ons systeem:"),
        other_language=(
            "Deze informatie hebben we helaas alleen in het Engels:",
            "Dit hebben we helaas alleen in het Engels:",
        ),
        unsure=(
            "Als dit uw vraag niet beantwoordt, kunt u gewoon op dit bericht antwoorden.",
            "Als je iets anders bedoelde, antwoord dan gewoon op deze mail.",
        ),
        passed_on=(
            "Ik zoek dit met een collega uit en kom bij u terug.",
            "Ik zoek dit met een collega uit en kom bij je terug.",
        ),
        asked_too=("U schreef ook: “{question}”", "Je schreef ook: “{question}”"),
        ask_order=(
            "Zou u mij het bestelnummer willen sturen, zodat ik het kan opzoeken?",
            "Kun je me het bestelnummer sturen, zodat ik het kan opzoeken?",
        ),
        closing=("Met vriendelijke groet,", "Groetjes,"),
        welcome=("Graag gedaan.", "Graag gedaan!"),
    ),
    "fr": Phrases(
        greeting=("Bonjour {name},", "Salut {name},"),
        greeting_nameless=("Bonjour,", "Bonjour,"),
        thanks=("Merci pour votre message.", "Merci pour ton message."),
        apology=(
            "Toutes nos excuses pour le désagrément que cela vous a causé.",
            "Toutes nos excuses pour le désagrément que cela t'a causé.",
        ),
        idea=(
            "Merci pour votre suggestion ; je l'ai notée pour l'équipe.",
            "Merci pour ton idée, je l'ai notée pour l'équipe.",
        ),
        part=("Concernant votre autre question :", "Et pour ton autre question :"),
        facts=("Voici ce que je vois de notre côté :", "Voici ce que je vois de notre côté :"),
        other_language=(
            "Nous n'avons cette information qu'en anglais :",
            "Nous n'avons cette information qu'en anglais :",
        ),
        unsure=(
            "Si cela ne répond pas à votre question, il suffit de répondre à ce message.",
            "Si ce n'est pas ce que tu voulais dire, réponds simplement à ce mail.",
        ),
        passed_on=(
            "Je vérifie cela avec l'équipe et je reviens vers vous.",
            "Je vérifie cela avec l'équipe et je reviens vers toi.",
        ),
        asked_too=("Vous écrivez aussi : « {question} »", "Tu écris aussi : « {question} »"),
        ask_order=(
            "Pourriez-vous m'indiquer le numéro de commande afin que je puisse vérifier ?",
            "Peux-tu m'envoyer le numéro de commande pour que je vérifie ?",
        ),
        closing=("Cordialement,", "À bientôt,"),
        welcome=("Je vous en prie.", "Avec plaisir !"),
    ),
    "es": Phrases(
        greeting=("Buenos días, {name}:", "Hola, {name}:"),
        greeting_nameless=("Buenos días:", "Hola:"),
        thanks=("Gracias por su mensaje.", "Gracias por tu mensaje."),
        apology=(
            "Lamento las molestias que esto le ha causado.",
            "Siento las molestias que esto te ha causado.",
        ),
        idea=(
            "Gracias por su sugerencia; la he anotado para el equipo.",
            "Gracias por tu idea, la he anotado para el equipo.",
        ),
        part=("Sobre su otra pregunta:", "Y sobre tu otra pregunta:"),
        facts=("Esto es lo que veo por nuestra parte:", "Esto es lo que veo por nuestra parte:"),
        other_language=(
            "Solo tenemos esta información en inglés:",
            "Solo tenemos esta información en inglés:",
        ),
        unsure=(
            "Si esto no responde a su pregunta, conteste a este mensaje.",
            "Si no era eso, contesta a este correo sin más.",
        ),
        passed_on=(
            "Lo estoy consultando con el equipo y volveré a escribirle.",
            "Lo estoy consultando con el equipo y te vuelvo a escribir.",
        ),
        asked_too=("También nos escribe: «{question}»", "También nos escribes: «{question}»"),
        ask_order=(
            "¿Podría indicarme el número de pedido para que pueda consultarlo?",
            "¿Me envías el número de pedido para que pueda consultarlo?",
        ),
        closing=("Un cordial saludo,", "Un saludo,"),
        welcome=("Ha sido un placer.", "¡Ha sido un placer!"),
    ),
}


def phrases(language: str) -> tuple[str, Phrases]:
    """The language a composed reply uses for `language` (English where we have no sentences of our own) and its phrases."""
    return (language, PHRASES[language]) if language in PHRASES else ("en", PHRASES["en"])


def pick(pair: tuple[str, str], register: Register) -> str:
    """The formal or the casual sentence of a pair."""
    return pair[1] if register is Register.CASUAL else pair[0]


def greeting(p: Phrases, register: Register, display_name: str, voice: Voice | None = None) -> str:
    """A greeting with the name as its bearer writes it, or without where it is none (an address, a shop, a form); as the
    mailbox greets, where its voice is known."""
    name = names.person(display_name)
    if not name:
        return (voice.nameless if voice else "") or pick(p.greeting_nameless, register)
    if voice and voice.greeting:
        return voice.greeting.format(name=name, first=names.first(name))
    return pick(p.greeting, register).format(name=names.first(name) if register is Register.CASUAL else name)


def closing(p: Phrases, register: Register, box: MailboxConfig, voice: Voice | None = None) -> str:
    """The closing words, with the mailbox's signature below, or its name; as the mailbox closes, where that is known."""
    words = (voice.closing if voice else "") or pick(p.closing, register)
    below = box.signature.strip() or (voice.signature if voice else "") or box.display_name or box.address
    return f"{words}\n{below}"


def own_sentences(language: str) -> frozenset[str]:
    """Every sentence above in one language (and the English fallback): ours, so none of them needs a source."""
    found: set[str] = set()
    for code in {language, "en"} & PHRASES.keys():
        p = PHRASES[code]
        for name in Phrases.__slots__:
            value = getattr(p, name)
            found.update(value if isinstance(value, tuple) else (value,))
    return frozenset(found)
