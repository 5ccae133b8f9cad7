"""English rules: claims (who speaks, what no longer holds) and commands (what the assistant is to do).

A phrase alone is rarely proof: weights are set so that a claim and a command near each other, or text that was hidden
and commands, pass the threshold, while customers who ignore reminders, admin a workspace or ask for new instructions
do not.
"""

from desk.domain.enums import AttackType
from desk.guard.rules import Rule

_ROLE = AttackType.ROLE_IMPERSONATION
_SMUGGLE = AttackType.INSTRUCTION_SMUGGLING

AI = (
    r"(?:(?:an? |the |any |every |all |your |this )?(?:helpful |automated |automatic |virtual |digital |support |helpdesk "
    r"|help desk |customer |email |mail |ai |llm |large )*(?:ai|a i|llm|language model|chatbot|chat bot|bot|gpt|chatgpt"
    r"|claude|gemini|copilot|assistant|(?:automated|machine|ai) (?:reader|system|agent|assistant|process|pipeline|tool)"
    r"|ai \w+|agent|model|summari[sz]er|classifier)s?)"
)
_AI_SURE = (
    r"(?:(?:an? |the |any |every |all |your |this )?(?:helpful |automated |virtual |digital |support |helpdesk |large "
    r"|mail |email )*(?:ai|llm|language model|chatbot|bot|gpt|chatgpt|assistant|ai (?:agent|assistant|model|system|reader)"
    r"|(?:automated|machine) (?:reader|system|agent|assistant)|(?:support|helpdesk|helpful) (?:model|agent)|model)s?)"
)
_IGNORE = (
    r"(?:ignore|disregard|forget|discard|bypass|override|overlook|neglect|dismiss|abandon|nullify|unlearn|scrap|erase"
    r"|(?:do not|don t|dont|never|stop|cease|quit) (?:obey|follow|heed|adher|listen|comply)\w*(?: (?:to|with))?"
    r"|pay no (?:attention|heed) to|(?:set|put|leave) aside|throw (?:away|out)|(?:cancel|drop|void|revoke))"
    r"(?! (?:\w+ ){0,2}(?:my|our|his|her|their) )"
)
_INSTR = (
    r"(?:instructions?|prompts?|directives?|guidelines?|guidance|directions|commands?|programming|safeguards?"
    r"|(?:system|developer|operator) messages?|constraints|restrictions)(?!\w)"
)
_PAST = r"(?:previous|prior|above|earlier|preceding|foregoing|former|past|previously given|given)"
_OWN = r"(?:your|system|developer|initial|original|hidden|internal|safety|core|built in|operator s?)"
_YA = r"(?:your|the|its|that) (?:own |next |final |whole |entire )?(?:answer|response|reply|replies|output|draft|message|translation|summary)s?(?: s)?"  # fmt: skip
_MY_ANSWER = ("answer", "response", "reply", "replies", "output", "draft", "message", "translation", "summary")
_IGN = ("ignor", "disregard", "forget", "discard", "bypass", "overrid", "overlook", "neglect", "dismiss", "abandon",
        "nullify", "unlearn", "scrap", "erase", "obey", "follow", "heed", "adher", "attention", "aside", "throw",
        "cancel", "drop", "void", "revoke", "listen", "comply")  # fmt: skip
_INS = ("instruction", "prompt", "directive", "guideline", "guidance", "direction", "command", "programming", "safeguard",
        "message", "constraint", "restriction")  # fmt: skip
_AIS = ("ai", "llm", "language", "bot", "chatbot", "gpt", "chatgpt", "claude", "gemini", "copilot", "assistant", "automated", "agent", "model",
        "summari", "classifier", "machine")  # fmt: skip


def _r(name: str, family: str, weight: float, needs: str | tuple[tuple[str, ...], ...], pattern: str,
       kind: AttackType = AttackType.DIRECT_INJECTION) -> Rule:  # fmt: skip
    groups = tuple((w,) for w in needs.split()) if isinstance(needs, str) else needs
    return Rule(name, family, weight, groups, pattern, kind)


def _any(words: str) -> tuple[str, ...]:
    return tuple(words.split())


OVERRIDE = (
    _r("override.all", "override", 0.8, (_INS, _IGN), rf"{_IGNORE} <2> (?:all|any|every|each) <2> {_INSTR}"),
    _r("override.own", "override", 0.8, (_INS, _IGN), rf"{_IGNORE} (?:the |all |any |of |everything in )*{_OWN} <1> {_INSTR}"),
    _r("override.past", "override", 0.5, (_INS, _IGN), rf"{_IGNORE} (?:the |these |those |and |or |of |other )*{_PAST} <2> {_INSTR}"),
    _r("override.past_after", "override", 0.6, (_INS, _IGN), rf"{_IGNORE} (?:the |these |all |any |your )*{_INSTR} (?:above|before|so far|given|you (?:were|have|got|received))"),
    _r("override.prompt", "override", 0.5, (_INS, _IGN), rf"{_IGNORE} (?:the |this |all |any )*(?:instructions|prompts?|directives)(?= (?:and|instead|then|below|just|now|print|say))"),
    _r("override.and_following", "override", 0.5, (_INS, _IGN), rf"{_PAST} and (?:following|subsequent|later|other) {_INSTR}"),
    _r("override.guidelines", "override", 0.5, (("rules", "rule", "polic", "task", "training", "restriction"), _IGN), rf"{_IGNORE} (?:all |of |any )*(?:your|its) (?:\w+ )?(?:rules|polic(?:y|ies)|task|training|restrictions)"),
    _r("override.everything", "override", 0.45, (_IGN, _any("everything anything whatever all content data text context")), rf"{_IGNORE} (?:everything|anything|whatever|all|other|this|the rest of the|the following|any) <1> (?:before this|after this|above|below|before|prior|(?:you|i) (?:were|have|was|had)|(?:other )?(?:content|data|context|text))"),
    _r("override.told", "override", 0.5, (("asked", "told", "instructed", "trained", "programmed"), _IGN), rf"{_IGNORE} (?:whatever|what|everything|anything|all)(?: that)? you (?:were|have been|ve been|are|was) (?:asked|told|instructed|trained|programmed)"),
    _r("override.void", "override", 0.65, (_INS, _any("void cancel longer revoked invalid supersede replace expired obsolete deleted outdated rescinded withdrawn null suspended lifted")), rf"(?:{_PAST}|your|original|initial|old|all|system|existing|any) (?:\w+ )?{_INSTR} (?:\w+ )?(?:(?:are|is|have been|has been|were) (?:now |hereby |all )*(?:void|cancel\w*|revoked|invalid|supersede\w*|replaced|expired|obsolete|deleted|rescinded|withdrawn|null|suspended|lifted|outdated)|no longer (?:apply|applies|hold|valid|count|matter)|do not apply)"),
    _r("override.nothing_counts", "override", 0.6, (("counts", "matters", "applies", "valid"), ("nothing", "none")), r"(?:nothing|none of (?:what|the)) <4> (?:before|above|so far|earlier|until now|previously) <3> (?:counts|matters|applies|is valid)"),
    _r("override.new", "override", 0.35, (_any("instruction directive rules order task objective"), _any("new updated revised changed latest")), r"(?:new|updated|revised|changed|latest|real|actual) (?:instructions?|directives?|rules|orders|tasks?|objectives?)(?: for (?:this|the|you|your)(?: \w+){0,2}| from (?:the|your) \w+)?\s{0,3}:"),
    _r("override.changed", "override", 0.55, (_any("rules instruction guideline task directive polic purpose"), _any("changed change updated replaced reset")), r"your (?:\w+ )?(?:rules|instructions|guidelines|tasks?|directives|policy|policies|purpose) (?:have|has|are|is|were|was) (?:been |now |just )*(?:changed|updated|replaced|reset|new|different)"),
    _r("override.only_task", "override", 0.5, (_any("task job purpose goal objective mission role instruction"), ("your",)), r"your (?:only|sole|new|one|single|real|true|actual|next|primary) (?:remaining |and only )?(?:task|job|purpose|goal|objective|mission|role|instructions?)(?: \w+)? (?:is|are|now)"),
    _r("override.from_now", "override", 0.45, (_any("now point onwards forward moment"), ("you",)), r"(?:from|starting) (?:now|this (?:point|moment|message)|here)(?: on\w*| forward)? you (?:will|are|must|shall|only|have to|should|can)(?! (?:be able|receive|get|find|see|pay|need|have|benefit))"),
    _r("override.you_are_now", "override", 0.6, (("you are now", "you re now", "you are from now", "act as", "pretend", "roleplay"),), r"(?:you (?:are|re|will be) (?:now|from now on) (?:acting as |called |named |known as )?(?:an? |the |in |my |no longer )?(?:\w+ )?(?:unrestricted|unfiltered|uncensored|jailbroken|dan(?!\w)|free from|evil|rogue|developer mode|god mode|debug mode|agent|assistant|bot(?!\w)|chatbot|ai(?!\w)|model|persona|\w{2,20}bot(?!\w))|(?:act as|pretend (?:to be|you are)|roleplay as) (?:an? |the |if you (?:are|were) )?(?:\w+ ){0,2}(?:unrestricted|unfiltered|jailbroken|dan(?!\w)|ai(?!\w)|assistant|chatbot|bot(?!\w)|language model|hacker|system))"),
    _r("override.obeys", "override", 0.5, (_any("obeys obey"), _any("sender email mail message")), r"(?:which|that|who|you) (?:must |will |only |now )*obeys? (?:only |the |every |all )*(?:sender|author|writer|commands?|email|mail|message)"),
    _r("override.drop_task", "override", 0.5, (_any("task job assignment classification summari triage"), _any("drop cancel stop abort end leave quit abandon skip interrupt suspend")), r"(?:drop|cancel|stop|abort|end|leave|quit|abandon|skip|interrupt|suspend) (?:your|the|this) (?:current |original |present |ongoing |assigned |given )*(?:task|job|assignment|classification|summari[sz]ation|summary|triage|analysis|translation)(?: task| job)?(?= (?:and|now|then|instead|provide|replace|immediately|you|do|answer|write))"),
    _r("override.instead_of", "override", 0.55, (("instead of", "rather than"), _any("customer email mail message ticket user sender reply text request")), r"(?:instead of|rather than) (?:answering|replying|responding|helping|summari[sz]ing|processing|classifying|handling|translating|drafting)(?: to)? (?:the |this |a |that )*(?:customer|email|mail|message|ticket|user|sender|text|request)"),
    _r("override.whatever_says", "override", 0.6, (_any("prompt instruction"), _any("whatever regardless matter despite")), r"(?:whatever|regardless of (?:what)?|no matter what|despite(?: what)?) (?:the |your |any )*(?:\w+ )?(?:system prompt|prompt|instructions?)(?: (?:above|below|before))? (?:says?|said|tells?|asks?|states?|contains?)"),
    _r("override.deviate", "override", 0.35, (("deviate",),), r"(?:may|must|do|should|can) ?not deviate"),
    _r("override.dont_evaluate", "override", 0.35, (_any("evaluate classify summari assess rate score"), _any("candidate document text email message applicant content")), r"(?:do not|don t|never) (?:evaluate|classify|summari[sz]e|assess|rate|score|analy[sz]e) (?:the|this|that) (?:candidate|document|text|email|message|applicant|content)"),
    _r("override.negative", "override", 0.4, (("indicator", "negative"), ("ignore",)), r"ignore (?:all |any )*negative (?:indicators?|aspects|points|content|information)"),
    _r("override.jailbreak", "override", 0.5, (_any("jailbreak unrestricted restrictions unfiltered filters"),), r"(?:jailbreak(?:ed|ing)?(?= (?:mode|prompt|yourself|the (?:ai|bot|model|assistant)))|without (?:any )?(?:restrictions|filters|limitations|censorship)(?= (?:and|or|you|answer|apply))|no (?:longer )?(?:bound|restricted|limited) by (?:any |your )*(?:rules|guidelines|polic\w+|filters))"),
)

ADDRESS = (
    _r("address.note", "address", 0.55, (_AIS, _any("note notice message instruction attention reminder memo info request directive hint guidance task")), rf"(?:note|notice|message|instructions?|attention|reminder|memo|info|information|directive|hint|guidance|task)(?: (?:\w+ )?(?:to|for)|\s*:)(?: the| any| all| our| this)* {_AI_SURE}(?!\w)(?! (?:feature|add on|addon|team|department|project|bot|plan|option|service|is|are|was|plugin|integration|licen))", _ROLE),
    _r("address.writing_to", "address", 0.5, (_AIS, _any("writing speaking talking admin telling tells telling addressed addressing notice order orders command")), rf"(?:writing|speaking|talking|addressed|addressing|message|order|orders|command|telling|admin|operator|developer)(?: this)? (?:directly )?(?:to )?(?:the )?{_AI_SURE}(?!\w)(?= (?:agent |assistant |system |model )?(?:directly|to|that|here)|\s*[:;,])", _ROLE),
    _r("address.if_you_are", "address", 0.6, (_AIS, ("if you", "if u", "since you", "because you", "as you", "you being")), rf"(?:if|since|because|as|when) (?:you|u) (?:are|re|being|happen to be) (?:an? |the |reading this as )?{_AI_SURE}(?!\w)", _ROLE),
    _r("address.read_by", "address", 0.6, (_AIS, _any("read processed parsed handled summari seen analysed analyzed opened answered")), rf"(?:if|should|when|once|in case|whenever)(?: this| it| the)?(?: \w+){{0,3}} (?:read|processed|parsed|handled|summari[sz]ed|seen|analy[sz]ed|opened|answered|reviewed) by (?:an? |any |the )*{AI}(?!\w)", _ROLE),
    _r("address.reader", "address", 0.55, (_any("reading processing handling parsing reads reader processes handles"), _AIS), rf"{AI} (?:that is |who is |that |which |currently |now )*(?:reading|processing|handling|parsing|reads|processes|handles|receives) (?:this|the) (?:\w+ )?(?:mail|email|message|text|ticket|has|is|must|may|should|will|and)?", _ROLE),
    _r("address.automated_reader", "address", 0.6, (_any("reader readers"), ("automated", "machine", "automatic", "ai")), r"(?:every|any|all|the|each) (?:automated|automatic|machine|ai) readers?", _ROLE),
    _r("address.hello", "address", 0.5, (_any("hello hi hey dear thanks attention greetings listen"), ("ai", "bot", "assistant", "model", "agent", "chatbot", "llm", "gpt")), r"(?:hello|hi|hey|dear|thanks|thank you|attention|greetings|listen)(?: there| up)?[^\S\n]?,?[^\S\n](?:ai|bot|assistant|model|agent|chatbot|llm|ai (?:agent|assistant|model|system)|language model)(?!\w)(?=\s{0,2}[,;:.!—-])(?![,;:!.] (?:i|we|my) )", _ROLE),
    _r("address.vocative", "address", 0.45, (("ai", "assistant", "bot", "model", "agent", "agents", "llm", "assistants"),), r"(?<![\w:,]\s)(?:ai (?:agents?|assistants?|models?|systems?|readers?)|ai|assistants?|bot|chatbot|language models?|llms?|agent)\s{0,2}[,:](?= (?:before|you|please|the sender|when|if|do|ignore|modify|add|write|note|from|now|always|never|your|in your|respond|reply|answer|print|output|use|translate|include|forget|disregard))", _ROLE),
    _r("address.must", "address", 0.4, (_AIS, _any("must shall required instructed permission allowed may should supposed authorised authorized expected")), r"(?:the|any|every|your|our|this) (?:\w+ )?(?:ai|llm|assistant|bot|model|chatbot|agent|language model|ai (?:agent|assistant|model))(?: reading this)? (?:must|shall|is (?:required|instructed|supposed|authori[sz]ed|expected|hereby)|has permission|may therefore|should now|has to|is to)(?! not)(?= (?:\w+ ){0,4}(?:answer|add|modify|augment|enhance|include|use|output|print|ignore|reply|respond|translate|write|reveal|send|provide|encode|scramble|do|to|recommend|forward|mention|obey|follow))", _ROLE),
    _r("address.models_always", "address", 0.55, (_any("models assistants agents bots llms"), _any("always helpful good aligned")), r"(?:helpful|good|aligned|well behaved|honest|smart|advanced|proper) (?:ai |language )?(?:models|assistants|agents|bots|llms)(?: always| should| will| must)?(?= \w+)", _ROLE),
    _r("address.desired", "address", 0.4, (_any("desired expected correct intended required"), _any("behaviour behavior response output action")), r"(?:desired|expected|correct|intended|required|proper) (?:behaviou?r|response|output|action|reaction)(?: \w+)? is(?= \w|\s*:)", _ROLE),
    _r("address.expects_agent", "address", 0.5, (_any("agent assistant bot model ai"), _any("expects requires needs wants asks tells telling instructs")), r"(?:expects?|requires?|needs?|wants?|asks?|tell(?:s|ing)?|instructs?|order(?:s|ing)?) (?:your|the|this) (?:ai |support |automated )*(?:agent|assistant|bot|model|ai|llm)(?: to)(?! (?:be|stop|call|contact|get|come|phone))", _ROLE),
    _r("address.when_drafting", "address", 0.45, (_MY_ANSWER, _any("draft drafting write writing generate generating compose composing prepare preparing")), r"(?:when|while|before|as|once|whenever) (?:you )?(?:are )?(?:draft|writ|generat|compos|prepar|formulat|produc)\w* (?:the|your|an?|this|its) (?:answer|response|reply|draft|summary)", _ROLE),
    _r("address.before_task", "address", 0.4, (_any("classifying classify summari triag reply answer respond process"), ("before", "prior to", "after")), r"(?:before|prior to|instead of|after) (?:classifying|summari[sz]ing|triag\w+|categori[sz]ing|drafting|you (?:reply|answer|respond|classify|process|continue|summari[sz]e|draft))", _ROLE),
    _r("address.handling", "address", 0.5, (_any("handling processing answering"), _any("message mail email ticket")), r"(?:as (?:a )?part of|for|while|when|in) (?:handling|processing|answering|triaging|classifying) this (?:message|mail|email|ticket|request|text) (?:you|the (?:ai|bot|assistant|model|agent)) (?:must|should|will|shall|have to|need to|are)", _ROLE),
    _r("address.good_draft", "address", 0.5, (("draft", "answer", "reply", "response"), ("ticket", "message", "mail", "email")), r"(?:good|correct|proper|perfect|valid|acceptable|ideal) (?:draft|answer|reply|response) (?:for|to) this (?:ticket|message|mail|email) (?:must|should|will|has to|needs)", _ROLE),
    _r("address.json", "address", 0.55, (("json", "output", "field", "structured"), ("return", "produce", "output", "generate")), r"(?:in|to|into|inside) (?:the |your )?(?:json|structured output|output field|tool call)(?: \w+)? (?:that )?you (?:return|produce|output|generate|write)", _ROLE),
)

AUTHORITY = (
    _r("authority.i_am_your", "authority", 0.55, (_any("developer creator owner administrator admin programmer engineer operator maker boss supervisor master trainer"), ("your",)), r"(?:i am|i m|im|this is|here is|it s|it is|speaking is) (?:now )?your (?:\w+ )?(?:developer|creator|owner|administrator|admin|programmer|operator|maker|master|trainer|system administrator|real user|new boss)(?!\w)", _ROLE),
    _r("authority.of_ai", "authority", 0.3, (_AIS, _any("developer creator owner administrator admin programmer engineer operator maker author vendor")), r"(?:developer|creator|owner|administrator|admin|programmer|engineer|operator|maker|author|vendor)s? (?:of|behind|for|debugging|testing|who (?:wrote|built|made|trains?|runs?)) (?:this|the|your) (?:\w+ )?(?:assistant|bot|chatbot|ai|agent|model|llm|system prompt|prompt)(?!\w)", _ROLE),
    _r("authority.as_of_ai", "authority", 0.6, (_AIS, _any("developer creator owner administrator admin programmer engineer operator maker author vendor")), r"(?:i am|i m|im|as|speaking as|speaking|this is|we are|here is) (?:the |an? |one of the )?(?:\w+ ){0,2}(?:developer|creator|owner|administrator|admin|programmer|engineer|operator|maker|author|vendor)s? (?:of|behind|for|debugging|testing|who (?:wrote|built|made|trains?|runs?)) (?:this|the|your) (?:\w+ )?(?:assistant|bot|chatbot|ai|agent|model|llm|system prompt|prompt)(?!\w)", _ROLE),
    _r("authority.operates_you", "authority", 0.6, (_any("operates built runs trains trained made created programmed wrote maintains deployed"), ("you", "your prompt")), r"(?:team|people|company|person|engineers?|developers?|one|department|those)(?: \w+)? (?:that|who|which) (?:operates?|built|runs?|trains?|trained|made|created|programmed|maintains?|deployed|wrote)(?: and \w+)? (?:you(?!r)|your (?:prompt|instructions|system prompt|code|guidelines))", _ROLE),
    _r("authority.provider", "authority", 0.5, (_any("provider vendor operator owner"), _any("model ai llm")), r"(?:your|the) (?:ai |language )?model(?: s)? (?:provider|vendor|operator|owner|maker)s?", _ROLE),
    _r("authority.exception", "authority", 0.45, (_any("exception override"), _any("approved granted authorised authorized")), r"(?:approved|granted|authori[sz]ed) (?:an?|this|the|you an?) (?:\w+ )?(?:exception|override)(?=\s*[:;.]| for you| to your)", _ROLE),
    _r("authority.override", "authority", 0.6, (_any("override mode access"), _any("developer admin root system operator debug maintenance god sudo")), r"(?:developer|admin(?:istrator)?|root|system|operator|debug|maintenance|god|sudo|emergency|security) (?:override|mode|access|privileges) (?:is |has been |now )*(?:accepted|enabled|activated|granted|confirmed|engaged|on|unlocked|code|authori[sz]ed|initiated)", _ROLE),
    _r("authority.system_message", "authority", 0.5, (("system",), _any("message notice override alert command instruction note update directive")), r"system (?:message|notice|override|command|instructions?|note|directive|update)(?: \(?(?:priority|level|code|id|from)[\w\s]{0,16}\)?)?\s{0,2}[:(]", _ROLE),
    _r("authority.operator_id", "authority", 0.4, (("operator", "op-"), _any("id reference code authorised authorized model")), r"(?:operator (?:id|code|token|key)|authori[sz]ed by (?:the|your) (?:\w+ ){0,3}operator)", _ROLE),
    _r("authority.authorise_you", "authority", 0.45, (("authoris", "authoriz", "permit", "order", "command", "instruct", "require"), ("you",)), r"i (?:hereby |explicitly |officially )?(?:authori[sz]e|permit|command|instruct) you to(?! (?:charge|debit|cancel|deduct|refund|renew|pay|collect|process|close|delete|remove|contact|speak|release))", _ROLE),
    _r("authority.need_you", "authority", 0.15, (("need", "want"), ("you",)), r"i (?:need|want|require) you to (?:misspell|encode|encrypt|scramble|reverse|translate|print|output|ignore|pretend|act|forget|reveal)", _ROLE),
    _r("authority.directly", "authority", 0.5, (_AIS, ("ceo", "legal", "department", "management", "director", "official", "board", "security", "operations", "qa", "safety")), rf"(?:ceo|legal|department|management|director|official|board|security team|operations|qa|safety team|platform)(?: \w+){{0,7}} (?:to|for) (?:the )?(?:ai(?: agent| system| assistant| model)?|support model|bot|chatbot|language model|automated agent|assistant)(?!\w)", _ROLE),
    _r("authority.debugging", "authority", 0.6, (_any("debugging testing auditing troubleshooting"), _any("developer engineer auditor administrator")), r"(?:developer|engineer|auditor|administrator|researcher|tester) (?:who is |currently |just )*(?:debugging|testing|auditing|troubleshooting|red teaming) (?:this|the|your) (?:system|assistant|ai|bot|model|prompt|agent)", _ROLE),
    _r("authority.fix_prompt", "authority", 0.5, (("prompt",), _any("engineer developer admin team author")), r"(?:engineer|developer|admin\w*|team|author|person)(?: \w+){0,3} (?:wrote|maintains?|owns?|edits?|manages?) your (?:system )?prompt", _ROLE),
)

COVER = (
    _r("cover.verdict", "cover", 0.6, (_any("verdict filter scanner scan"), _any("clean safe passed benign trusted approved")), r"(?:security|spam|injection|content|safety|guard)? ?(?:filter|scan(?:ner)?|check|guard)(?: \w+)? (?:verdict|result|status)(?: \w+){0,4}\s{0,2}[:=]?\s{0,2}(?:clean|safe|passed|benign|trusted|approved)", _SMUGGLE),
    _r("cover.verified", "cover", 0.3, (("verified", "trusted", "whitelisted", "consented"), ("sender", "customer", "user", "message")), r"(?:sender|customer|user|author|message|content)(?: of this \w+)? (?:has|have|is|was)(?: already)? (?:been )?(?:already )?(?:verified|trusted|whitelisted|consented|pre approved|authenticated)(?! (?:by phone|his|her|their|the))", _SMUGGLE),
    _r("cover.test", "cover", 0.5, (("test",), _any("pipeline automated assistant ai bot model agent system filter")), r"(?:this is|for|during|part of) an? (?:\w+ )?test (?:of|for) (?:the|your|our) (?:\w+ )?(?:pipeline|assistant|ai|bot|model|agent|filter|classifier|automated \w+)", _SMUGGLE),
    _r("cover.to_pass", "cover", 0.3, (("pass", "test case"),), r"(?:to pass (?:it|this|the) ?(?:test|check)?\s*,|so that we can close (?:our|the|this) test case)", _SMUGGLE),
    _r("cover.compliance", "cover", 0.25, (_any("purposes reasons"), _any("quality compliance debugging troubleshooting testing audit legal verification")), r"for (?:\w+ )?(?:quality assurance|compliance|debugging|troubleshooting|testing|audit|verification|transparency) (?:purposes|reasons)", _SMUGGLE),
    _r("cover.permission", "cover", 0.35, (("permission", "therefore"), _AIS), r"(?:has|have|got) permission to (?:answer|add|use|modify|ignore|reveal|include|skip)|the (?:model|ai|assistant|bot|agent) may (?:therefore|now|also)", _SMUGGLE),
)

SECRECY = (
    _r("secrecy.silently", "secrecy", 0.3, (("silently", "secretly", "covertly", "discreetly", "quietly"),), r"(?:silently|secretly|covertly|discreetly|quietly) (?=\w+ (?:a|the|your|every|each|in|all|to|this|these|any|with)(?!\w))", _SMUGGLE),
    _r("secrecy.dont_show", "secrecy", 0.45, (_any("show mention reveal display tell disclose log inform include"), _any("user customer human operator anyone paragraph instruction agent reader supervisor staff")), r"(?:do not|don t|never|without) (?:show|mention|reveal|display|tell|disclose|log|inform|alert|notify|showing|mentioning|telling)(?:ing)? (?:this |the |these |that |any |of |about |it |to |such )*(?:paragraph |instruction\w* |note |message |text |part |line )*(?:to |in |from )?(?:the |any |your |a )*(?:user|human|operator|paragraph|instructions?|supervisor|reader|staff|support agent|human agent)(?!\w)", _SMUGGLE),
    _r("secrecy.as_if", "secrecy", 0.4, (("happened",), ("nothing",)), r"as (?:if|though) nothing (?:had |has )?happened", _SMUGGLE),
    _r("secrecy.between_us", "secrecy", 0.3, (("between us",),), r"keep (?:it|this|that) between us", _SMUGGLE),
    _r("secrecy.without_asking", "secrecy", 0.35, (_any("asking telling informing notifying consulting"), _any("anybody anyone human user customer them operator")), r"without (?:asking|telling|informing|notifying|consulting) (?:anybody|anyone|a human|the (?:user|customer|human|operator|agent)|any human)", _SMUGGLE),
    _r("secrecy.log_nothing", "secrecy", 0.5, (("log",), ("nothing", "anything")), r"(?:log nothing|(?:do not|don t) log anything)", _SMUGGLE),
    _r("secrecy.as_usual", "secrecy", 0.25, (("usual", "normally"), _any("continue carry proceed resume")), r"(?:continue|carry on|proceed|resume) (?:as usual|normally|as normal)", _SMUGGLE),
)

CLAIMS = OVERRIDE + ADDRESS + AUTHORITY + COVER + SECRECY
