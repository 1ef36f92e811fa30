"""What made-up people, companies and their states are drawn from.

A deck holds each value as often as it is to be drawn. Names are weighted roughly as in Norway, where a few are common
and many are rare; no name goes with a sex, a place or an age here.
"""


def deck(weighted: str) -> list[str]:
    """The values of "Hansen 3, Berg 1", each as often as its weight says."""
    values: list[str] = []
    for entry in weighted.split(","):
        value, weight = entry.strip().rsplit(" ", 1)
        values += [value] * int(weight)
    return values


FIRST_NAMES = deck(
    "Anne 12, Jan 9, Per 7, Inger 8, Kari 7, Bjørn 7, Marit 6, Ole 6, Lars 6, Ingrid 6, Liv 5, Kjell 5, Knut 5, Eva 4,"
    "Thomas 5, Svein 4, Arne 4, Anna 5, Maria 5, Geir 4, Ida 4, Hilde 4, Berit 4, Morten 5, Hans 4, Nina 4, Martin 5,"
    "Marianne 4, Astrid 4, Anders 4, Tor 4, Andreas 5, Kristin 4, Odd 3, Bente 3, Heidi 3, Randi 3, Solveig 3, Terje 3,"
    "Silje 3, Erik 4, Hanne 3, Jon 3, Linda 3, Daniel 4, Tone 3, Marius 3, Elisabeth 3, Magnus 3, Gerd 2, Kristian 4,"
    "Alexander 3, Julie 3, Wenche 2, Tore 3, Emma 3, Camilla 3, Rune 3, Nora 3, Stian 3, Sofie 2, Henrik 3, Sara 3,"
    "Espen 3, Thea 2, Fredrik 3, Ragnhild 2, Øyvind 3, Emilie 2, Nils 2, Turid 2, Petter 2, Karin 2, Gunnar 2, Line 2,"
    "Sander 2, Mona 2, Einar 2, Ellen 2, Helge 2, Laila 2, Trond 2, Stine 2, Håkon 2, Maja 2, Leif 2, Unni 2, Emil 2,"
    "Jakob 2, Mohammed 2, Noah 1, Lucas 1, Fatima 1, Åse 2, Sigrid 2, Vegard 2, Eirik 2, Torill 1, Sindre 1, Mari 2,"
    "Aleksander 1, Frida 1, Ahmed 1, Amina 1, Piotr 1, Katarzyna 1, Eline 1, Åge 1, Synnøve 1, Asbjørn 1, Guro 1"
)
_COMMON_NAMES = deck(
    "Hansen 10, Johansen 9, Olsen 9, Larsen 7, Andersen 7, Pedersen 6, Nilsen 6, Kristiansen 4, Jensen 4,"
    "Karlsen 4, Johnsen 4, Pettersen 4, Eriksen 4, Berg 4, Haugen 3, Hagen 3, Johannessen 2, Andreassen 2,"
    "Jacobsen 2, Dahl 2, Jørgensen 2, Halvorsen 2, Henriksen 2, Lund 2, Sørensen 2, Jakobsen 2, Moen 2,"
    "Gundersen 2, Iversen 2, Strand 2, Svendsen 2, Solberg 2, Martinsen 2, Knudsen 2, Bakken 2, Eide 2, Bakke 2,"
    "Kristoffersen 2, Lie 1, Mathisen 1, Amundsen 1, Lien 1, Rasmussen 1, Nguyen 1, Ali 1, Ahmed 1, Sæther 1,"
    "Nygård 1, Solheim 1, Berge 1, Ødegård 1, Ruud 1, Hauge 1, Aas 1, Myhre 1, Tveit 1, Fossum 1, Vik 1,"
    "Sandvik 1, Holm 1, Aune 1, Brekke 1, Sunde 1, Khan 1, Mohamed 1, Haug 1, Engen 1, Rønning 1, Thorsen 1,"
    "Løken 1, Kowalski 1, Hussain 1, Fjeld 1, Nordmann 1, Sveen 1, Wold 1, Ås 1, Bråten 1, Helgesen 1, Tangen 1,"
    "Ulvestad 1, Nesse 1, Stensrud 1"
)
_FARM_BEGINNINGS = deck(
    "Nord 1, Sør 1, Øst 1, Vest 1, Bjørk 1, Ask 1, Eik 1, Gran 1, Furu 1, Stein 1, Sand 1, Myr 1, Lang 1,"
    "Stor 1, Skog 1, Kvern 1, Hammer 1, Krok 1, Lind 1, Rogn 1, Torp 1"
)
_FARM_ENDINGS = deck(
    "heim 1, land 1, gård 1, dal 1, vik 1, haug 1, bakk 1, li 1, mo 1, nes 1, stad 1, set 1, moen 1, dalen 1,"
    "haugen 1, bakken 1, eng 1, rud 1, voll 1, ås 1"
)
# Most people have a name that one in some hundreds has, as after a farm.
LAST_NAMES = _COMMON_NAMES + [beginning + ending for beginning in _FARM_BEGINNINGS for ending in _FARM_ENDINGS]
COMPANY_NAMES = deck(
    "Fjordby 3, Nordvik 3, Solsida 2, Vestfjell 2, Storelva 2, Havgløtt 1, Breidablikk 1, Kystveien 2, Brattås 1,"
    "Lilleborg 1, Innlandet 1, Sentrum 3, Skogholt 1, Måsøy 1, Elveneset 1, Tindegård 1"
)
COMPANY_TRADES = deck(
    "Rør 2, Regnskap 3, Bygg 4, Elektro 3, Tannklinikk 2, Bil 2, Transport 2, Eiendom 3, Kafé 1, Frisør 2, Maskin 1,"
    "Advokatfirma 1, Sjømat 1, Trevare 1, Hotell 1, Fysioterapi 1"
)
DEPARTMENTS = deck("Resepsjonen 3, Økonomi 2, Administrasjonen 2, Biblioteket 1")
EMAIL_DOMAINS = deck("example.no 6, example.com 2, example.net 1, example.org 1")

_COMMON_STREETS = deck(
    "Kirkegata 6, Storgata 9, Strandgata 5, Skolegata 4, Fjellveien 3, Fjordgata 4, Havnegata 3, Kongens gate 3,"
    "Nedre Torg 1, Ringveien 3, Solbakken 3, Elvegata 2, Åsveien 2"
)
_STREET_BEGINNINGS = deck(
    "Bjørke 1, Lyng 1, Gran 1, Furu 1, Rogne 1, Heie 1, Myr 1, Haug 1, Bekke 1, Tjern 1, Utsikts 1, Sagbruks 1,"
    "Stasjons 1, Prestegårds 1, Løvetann 1, Blåbær 1"
)
_STREET_ENDINGS = deck("veien 3, stien 1, bakken 1, svingen 1, lia 1, kroken 1")
STREETS = _COMMON_STREETS + [beginning + ending for beginning in _STREET_BEGINNINGS for ending in _STREET_ENDINGS]
# Postal code and place, as `deck` separates at the last space only. A city has many codes.
_TOWNS = deck(
    "1606 Fredrikstad 6, 2317 Hamar 4, 2609 Lillehammer 2, 2815 Gjøvik 2, 3015 Drammen 8, 3110 Tønsberg 4,"
    "4612 Kristiansand 6, 5501 Haugesund 4, 6003 Ålesund 4, 6413 Molde 2, 6800 Førde 2, 8006 Bodø 4, 8514 Narvik 2,"
    "9008 Tromsø 6, 9510 Alta 2"
)
_CITIES = {
    "Oslo": [155, 467, *range(250, 279, 4), *range(351, 384, 4)],
    "Bergen": range(5003, 5020),
    "Trondheim": range(7010, 7021),
    "Stavanger": range(4006, 4017),
}
POSTAL_PLACES = _TOWNS + [f"{code:04} {city}" for city, codes in _CITIES.items() for code in codes]

EMAIL_LEVELS = deck(
    "verificationLink 44, verificationCode 24, externallyVerified 10, notVerified 12, repeatedCredential 6,"
    "notRepeatedCredential 4"
)
PHONE_LEVELS = deck("verificationCode 75, notVerified 15, externallyVerified 10")

# Of a hundred customers so many have that many subscriptions: three each on average.
SUBSCRIPTION_COUNTS = deck("1 13, 2 27, 3 27, 4 18, 5 10, 6 5")
SUBSCRIPTION_STATES = deck("active 80, stopping 7, paused 4, stopped 6, waiting 3")
PRIVACY_COUNTS = deck("0 30, 1 20, 2 20, 3 15, 4 10, 6 5")
MARKETING_COUNTS = deck("0 45, 1 27, 2 16, 3 12")
