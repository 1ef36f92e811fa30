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
LAST_NAMES = deck(
    "Hansen 25, Johansen 23, Olsen 22, Larsen 18, Andersen 18, Pedersen 16, Nilsen 16, Kristiansen 11, Jensen 11,"
    "Karlsen 10, Johnsen 10, Pettersen 10, Eriksen 9, Berg 9, Haugen 7, Hagen 7, Johannessen 6, Andreassen 6,"
    "Jacobsen 6, Dahl 6, Jørgensen 5, Halvorsen 5, Henriksen 5, Lund 5, Sørensen 5, Jakobsen 5, Moen 5, Gundersen 5,"
    "Iversen 4, Strand 4, Svendsen 4, Solberg 4, Martinsen 4, Knudsen 4, Bakken 4, Eide 4, Bakke 4, Kristoffersen 4,"
    "Lie 3, Mathisen 3, Amundsen 3, Lien 3, Rasmussen 3, Nguyen 3, Ali 3, Ahmed 3, Sæther 3, Nygård 3, Solheim 3,"
    "Berge 3, Ødegård 3, Ruud 2, Hauge 2, Aas 2, Myhre 2, Tveit 2, Fossum 2, Vik 2, Sandvik 2, Holm 2, Aune 2,"
    "Brekke 2, Sunde 2, Khan 2, Mohamed 2, Haug 2, Engen 2, Rønning 2, Thorsen 2, Løken 2, Kowalski 1, Hussain 1,"
    "Fjeld 1, Nordmann 1, Sveen 1, Wold 1, Ås 1, Bråten 1, Helgesen 1, Tangen 1, Ulvestad 1, Nesse 1, Stensrud 1"
)
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

STREETS = deck(
    "Kirkegata 6, Storgata 9, Strandgata 5, Skolegata 4, Bjørkeveien 4, Lyngveien 3, Fjellveien 3, Fjordgata 4,"
    "Havnegata 3, Kongens gate 3, Nedre Torg 1, Ringveien 3, Solbakken 3, Granveien 2, Elvegata 2, Åsveien 2"
)
# Postal code and place, as `deck` separates at the last space only.
POSTAL_PLACES = deck(
    "0155 Oslo 9, 0467 Oslo 8, 1606 Fredrikstad 3, 2317 Hamar 2, 2609 Lillehammer 1, 2815 Gjøvik 1, 3015 Drammen 4,"
    "3110 Tønsberg 2, 4006 Stavanger 5, 4612 Kristiansand 3, 5003 Bergen 8, 5501 Haugesund 2, 6003 Ålesund 2,"
    "6413 Molde 1, 6800 Førde 1, 7010 Trondheim 6, 8006 Bodø 2, 8514 Narvik 1, 9008 Tromsø 3, 9510 Alta 1"
)

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
