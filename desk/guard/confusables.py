"""Letters that look like Latin ones: a compact table in the spirit of Unicode TR39, for matching only.

Each pair of strings lists look-alikes and the Latin letters they pass for, position by position. Compatibility letters
(full-width, mathematical, circled, superscript) are not here: NFKC undoes those.
"""

from functools import lru_cache

_PAIRS = (
    # Cyrillic
    ("ҽҿѡасԁеёһіїјкӏмнорԛгѕтуѵԝхвьүӓӧӱӕԍᴦґԃѐѝғҝҡҥңҭҳ", "eewacdeehiijklmhopqrstyvwxbbyaoyagrrdeufkkhhtx"),
    ("АВСЕНІЈКМОРЅТУХԚԜҮЅҺӀЬЁЇ", "abcehijkmopstyxqwyshlbei"),
    # Greek
    ("αβϲδεγηικνορτυχωζϳϱϵσςάέήίόύώ", "abcdeynikvoptuxwzjpeosaenioow"),
    ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹϺ", "abezhikmnoptyxcm"),
    # Armenian, Cherokee, Lisu, Coptic
    ("աօսհոցզյքԁլվք", "wouhngqjpdlup"),
    ("ᎪᏴᏟᎠᎬᏀᎻᎥᎫᏦᏞᎷΝᏢᏒᏚᎢᏙᎳᎽᏃᏔᏉᏎᏫ", "abcdeghijklmnprstvwyzwvso"),
    ("ꓮꓐꓚꓓꓰꓝꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑꓣꓢꓔꓴꓦꓪꓫꓬꓜ", "abcdefghijklmnoprstuvwxyz"),
    ("ⲁⲥⲉⲏⲓⲕⲙⲛⲟⲣⲧⲩⲭ", "acehikmnoptyx"),
    # Small capitals, turned and other Latin letters
    ("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz"),
    ("ɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎ", "acefghijkmrtvwy"),
    ("ɑɡɩıȷʋɓɗɛɠɦɨɭɱɲŋɵʂƭʈʉʊƴʐꬲꭵꮯꮪꮩꮤƙƿȝƅ", "agiijvbdeghilmnnostтuuyzeicsvtkpzb"),
    ("øłđæþðħŧœ", "oldapdhto"),
    # Symbols used as letters
    ("⍺℮∂∨∪⊂∣¡ϝ€£¥¢∩∈ℓ", "aedvuclifelycnel"),
)
_ENCLOSED = ((0x1F130, 26), (0x1F150, 26), (0x1F170, 26), (0x1F1E6, 26))
"""First code points of squared, negative circled, negative squared and regional indicator letters A to Z."""


@lru_cache(maxsize=1)
def table() -> dict[int, str]:
    """Code point of a look-alike → the lower-case Latin letter it passes for."""
    found: dict[int, str] = {}
    for alike, latin in _PAIRS:
        for a, b in zip(alike, latin, strict=True):
            found[ord(a)] = b
    for first, count in _ENCLOSED:
        for i in range(count):
            found[first + i] = chr(ord("a") + i)
    return found
