"""Invented names for people, by the country they work in."""

from typing import Final

_GIVEN: Final = {
    "NB-US": "Avery Dana Marcus Priya Owen Lucia Caleb Renee Tomas Maya Elliot Joan Victor Simone Grant Helen",
    "NB-UK": "Alice Rohan Beatrix Callum Imogen Declan Farah Gareth Harriet Idris Jemima Kieran Lorna Noel Nadia Ruth",
    "NB-DE": "Anke Bastian Carla Dirk Elif Florian Greta Henrik Ines Jonas Katrin Lorenz Mira Nils Petra Ruben",
    "NB-JP": "Aiko Daichi Emi Haruto Kaori Kenji Mana Naoki Rei Ryota Sakura Shun Tomoko Yuki Yumi Takeshi",
}
_FAMILY: Final = {
    "NB-US": "Whitlock Sandoval Pruitt Narang Castellan Brookes Ellery Fontaine Garrity Hsu Ibarra Jessup Kwan Loomis "
    "Merriman Ostrow",
    "NB-UK": "Ashdown Bhattal Carrow Drummond Eccles Farquhar Gillam Haddow Inskip Jellicoe Kershaw Lavery Mostyn "
    "Nettleton Okafor Pargeter",
    "NB-DE": "Albers Brandstetter Cordes Dreyer Ehlers Falkenrath Gerstner Hollmann Ihde Jansen Kessel Lohmann Meinert "
    "Nolte Osterkamp Petersen",
    "NB-JP": "Asakura Fujimori Hoshino Inagaki Kuramoto Matsuda Nagasawa Okabe Saegusa Shirai Takemura Uchida "
    "Wakabayashi Yokoi Yoshinaga Hirano",
}


def name_of(entity: str, index: int) -> tuple[str, str]:
    """Return given and family name of the nth person of an entity; a pair comes back only after 256 people."""
    given, family = _GIVEN[entity].split(), _FAMILY[entity].split()
    return given[index % 16], family[(index + index // 16) % 16]


def email_of(entity: str, index: int) -> str:
    """Return a work address that no two people share."""
    given, family = name_of(entity, index)
    repeat = "" if index < len(_GIVEN[entity].split()) ** 2 else f".{index}"
    return f"{given}.{family}{repeat}@northbeam.example".lower()
