"""Countries by the names that firewalls, clouds and databases give them, in English → their ISO 3166 code.

Rules ask for codes. A producer that only says "Russian Federation" or "Korea, Republic of" means one, too.
"""

from __future__ import annotations

_TABLE = """
AD Andorra; AE United Arab Emirates, UAE; AF Afghanistan; AG Antigua and Barbuda; AI Anguilla; AL Albania
AM Armenia; AO Angola; AQ Antarctica; AR Argentina; AS American Samoa; AT Austria; AU Australia; AW Aruba
AX Aland Islands; AX Åland Islands; AZ Azerbaijan; BA Bosnia and Herzegovina; BB Barbados; BD Bangladesh
BE Belgium; BF Burkina Faso; BG Bulgaria; BH Bahrain; BI Burundi; BJ Benin; BL Saint Barthelemy; BM Bermuda
BN Brunei; BN Brunei Darussalam; BO Bolivia; BO Plurinational State of Bolivia; BQ Bonaire; BR Brazil
BS Bahamas; BT Bhutan; BV Bouvet Island; BW Botswana; BY Belarus; BZ Belize; CA Canada
CC Cocos (Keeling) Islands; CD Congo (Kinshasa); CD DR Congo; CD Democratic Republic of the Congo
CF Central African Republic; CG Congo; CG Republic of the Congo; CG Congo (Brazzaville); CH Switzerland
CI Ivory Coast; CI Cote d'Ivoire; CI Côte d'Ivoire; CK Cook Islands; CL Chile; CM Cameroon; CN China
CN People's Republic of China; CO Colombia; CR Costa Rica; CU Cuba; CV Cape Verde; CV Cabo Verde; CW Curacao
CW Curaçao; CX Christmas Island; CY Cyprus; CZ Czechia; CZ Czech Republic; DE Germany; DJ Djibouti
DK Denmark; DM Dominica; DO Dominican Republic; DZ Algeria; EC Ecuador; EE Estonia; EG Egypt
EH Western Sahara; ER Eritrea; ES Spain; ET Ethiopia; FI Finland; FJ Fiji; FK Falkland Islands
FK Falkland Islands (Malvinas); FM Micronesia; FM Federated States of Micronesia; FO Faroe Islands
FR France; GA Gabon; GB United Kingdom; GB UK; GB Great Britain
GB United Kingdom of Great Britain and Northern Ireland; GD Grenada; GE Georgia; GF French Guiana
GG Guernsey; GH Ghana; GI Gibraltar; GL Greenland; GM Gambia; GN Guinea; GP Guadeloupe; GQ Equatorial Guinea
GR Greece; GS South Georgia and the South Sandwich Islands; GT Guatemala; GU Guam; GW Guinea-Bissau
GY Guyana; HK Hong Kong; HK Hong Kong SAR; HM Heard Island and McDonald Islands; HN Honduras; HR Croatia
HT Haiti; HU Hungary; ID Indonesia; IE Ireland; IL Israel; IM Isle of Man; IN India
IO British Indian Ocean Territory; IQ Iraq; IR Iran; IR Islamic Republic of Iran; IS Iceland; IT Italy
JE Jersey; JM Jamaica; JO Jordan; JP Japan; KE Kenya; KG Kyrgyzstan; KH Cambodia; KI Kiribati; KM Comoros
KN Saint Kitts and Nevis; KP North Korea; KP DPRK; KP Democratic People's Republic of Korea; KR South Korea
KR Republic of Korea; KW Kuwait; KY Cayman Islands; KZ Kazakhstan; LA Laos
LA Lao People's Democratic Republic; LB Lebanon; LC Saint Lucia; LI Liechtenstein; LK Sri Lanka; LR Liberia
LS Lesotho; LT Lithuania; LU Luxembourg; LV Latvia; LY Libya; LY Libyan Arab Jamahiriya; MA Morocco
MC Monaco; MD Moldova; MD Republic of Moldova; ME Montenegro; MF Saint Martin; MF Saint Martin (French part)
MG Madagascar; MH Marshall Islands; MK North Macedonia; MK Macedonia; ML Mali; MM Myanmar; MM Burma
MN Mongolia; MO Macao; MO Macau; MP Northern Mariana Islands; MQ Martinique; MR Mauritania; MS Montserrat
MT Malta; MU Mauritius; MV Maldives; MW Malawi; MX Mexico; MY Malaysia; MZ Mozambique; NA Namibia
NC New Caledonia; NE Niger; NF Norfolk Island; NG Nigeria; NI Nicaragua; NL Netherlands; NO Norway; NP Nepal
NR Nauru; NU Niue; NZ New Zealand; OM Oman; PA Panama; PE Peru; PF French Polynesia; PG Papua New Guinea
PH Philippines; PK Pakistan; PL Poland; PM Saint Pierre and Miquelon; PN Pitcairn; PR Puerto Rico
PS Palestine; PS State of Palestine; PS Palestinian Territory; PT Portugal; PW Palau; PY Paraguay; QA Qatar
RE Reunion; RE Réunion; RO Romania; RS Serbia; RU Russia; RU Russian Federation; RW Rwanda; SA Saudi Arabia
SB Solomon Islands; SC Seychelles; SD Sudan; SE Sweden; SG Singapore; SH Saint Helena; SI Slovenia
SJ Svalbard and Jan Mayen; SK Slovakia; SL Sierra Leone; SM San Marino; SN Senegal; SO Somalia; SR Suriname
SS South Sudan; ST Sao Tome and Principe; SV El Salvador; SX Sint Maarten; SX Sint Maarten (Dutch part)
SY Syria; SY Syrian Arab Republic; SZ Eswatini; SZ Swaziland; TC Turks and Caicos Islands; TD Chad
TF French Southern Territories; TG Togo; TH Thailand; TJ Tajikistan; TK Tokelau; TL Timor-Leste
TL East Timor; TM Turkmenistan; TN Tunisia; TO Tonga; TR Turkey; TR Türkiye; TR Turkiye
TT Trinidad and Tobago; TV Tuvalu; TW Taiwan; TW Taiwan (Province of China); TZ Tanzania
TZ United Republic of Tanzania; UA Ukraine; UG Uganda; UM United States Minor Outlying Islands
US United States; US United States of America; US USA; UY Uruguay; UZ Uzbekistan; VA Vatican City
VA Holy See; VC Saint Vincent and the Grenadines; VE Venezuela; VE Bolivarian Republic of Venezuela
VG British Virgin Islands; VI U.S. Virgin Islands; VN Vietnam; VN Viet Nam; VU Vanuatu; WF Wallis and Futuna
WS Samoa; XK Kosovo; YE Yemen; YT Mayotte; ZA South Africa; ZM Zambia; ZW Zimbabwe
"""


def _key(name: str) -> str:
    """One spelling: "Korea, Republic of" is "republic of korea"; a leading "the" says nothing."""
    head, comma, tail = name.lower().strip().partition(", ")
    words = f"{tail} {head}" if comma and tail else head
    return words.removeprefix("the ").replace("’", "'")


def _read() -> dict[str, str]:
    found = {}
    for row in _TABLE.strip().replace("\n", "; ").split("; "):
        code, _, names = row.partition(" ")
        for name in names.split(", "):
            found[_key(name)] = code
    return found


CODES = _read()
"""A name in its one spelling → code."""


def code_of(name: str) -> str | None:
    """The ISO 3166 code of a country by its name; None for what is no country's.

    >>> code_of("Russian Federation"), code_of("Korea, Democratic People's Republic of"), code_of("Atlantis")
    ('RU', 'KP', None)
    """
    return CODES.get(_key(name)) if len(name) < 80 else None
