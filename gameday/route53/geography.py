"""The places that routing knows: continents, countries, the states of the USA, Regions.

Codes are ISO 3166; AWS's own list (ListGeoLocations) is served by its API only, and may name or
place a territory otherwise.
"""

from __future__ import annotations

import re

CONTINENTS = {
    "AF": "Africa", "AN": "Antarctica", "AS": "Asia", "EU": "Europe", "NA": "North America",
    "OC": "Oceania", "SA": "South America",
}  # fmt: skip


def _table(text: str) -> dict[str, str]:
    """`CC Name; CC Name` as names by code."""
    rows = (" ".join(entry.split()).split(" ", 1) for entry in text.split(";"))
    return dict(sorted((code, name) for code, name in rows))


BY_CONTINENT = {
    "AF": _table("""
AO Angola; BF Burkina Faso; BI Burundi; BJ Benin; BW Botswana; CD DR Congo; CF Central African
Rep.; CG Republic of the Congo; CI Côte d'Ivoire; CM Cameroon; CV Cape Verde; DJ Djibouti; DZ
Algeria; EG Egypt; EH Western Sahara; ER Eritrea; ET Ethiopia; GA Gabon; GH Ghana; GM Gambia; GN
Guinea; GQ Equatorial Guinea; GW Guinea-Bissau; KE Kenya; KM Comoros; LR Liberia; LS Lesotho; LY
Libya; MA Morocco; MG Madagascar; ML Mali; MR Mauritania; MU Mauritius; MW Malawi; MZ
Mozambique; NA Namibia; NE Niger; NG Nigeria; RE Réunion; RW Rwanda; SC Seychelles; SD Sudan; SH
Saint Helena; SL Sierra Leone; SN Senegal; SO Somalia; SS South Sudan; ST Sao Tome & Principe;
SZ Eswatini (Swaziland); TD Chad; TG Togo; TN Tunisia; TZ Tanzania; UG Uganda; YT Mayotte; ZA
South Africa; ZM Zambia; ZW Zimbabwe"""),
    "AN": _table("""
AQ Antarctica; BV Bouvet Island; GS South Georgia & the South Sandwich Islands; HM Heard Island
and McDonald Islands; TF French Southern Territories"""),
    "AS": _table("""
AE United Arab Emirates; AF Afghanistan; AM Armenia; AZ Azerbaijan; BD Bangladesh; BH Bahrain;
BN Brunei; BT Bhutan; CC Cocos (Keeling) Islands; CN China; CX Christmas Island; CY Cyprus; GE
Georgia; HK Hong Kong; ID Indonesia; IL Israel; IN India; IO British Indian Ocean Territory; IQ
Iraq; IR Iran; JO Jordan; JP Japan; KG Kyrgyzstan; KH Cambodia; KP North Korea; KR South Korea;
KW Kuwait; KZ Kazakhstan; LA Laos; LB Lebanon; LK Sri Lanka; MM Myanmar; MN Mongolia; MO Macau;
MV Maldives; MY Malaysia; NP Nepal; OM Oman; PH Philippines; PK Pakistan; PS Palestine; QA
Qatar; SA Saudi Arabia; SG Singapore; SY Syria; TH Thailand; TJ Tajikistan; TL East Timor; TM
Turkmenistan; TR Turkey; TW Taiwan; UZ Uzbekistan; VN Vietnam; YE Yemen"""),
    "EU": _table("""
AD Andorra; AL Albania; AT Austria; AX Åland Islands; BA Bosnia & Herzegovina; BE Belgium; BG
Bulgaria; BY Belarus; CH Switzerland; CZ Czech Republic; DE Germany; DK Denmark; EE Estonia; ES
Spain; FI Finland; FO Faroe Islands; FR France; GB United Kingdom; GG Guernsey; GI Gibraltar; GR
Greece; HR Croatia; HU Hungary; IE Ireland; IM Isle of Man; IS Iceland; IT Italy; JE Jersey; LI
Liechtenstein; LT Lithuania; LU Luxembourg; LV Latvia; MC Monaco; MD Moldova; ME Montenegro; MK
North Macedonia; MT Malta; NL Netherlands; NO Norway; PL Poland; PT Portugal; RO Romania; RS
Serbia; RU Russia; SE Sweden; SI Slovenia; SJ Svalbard & Jan Mayen; SK Slovakia; SM San Marino;
UA Ukraine; VA Vatican City"""),
    "NA": _table("""
AG Antigua & Barbuda; AI Anguilla; AW Aruba; BB Barbados; BL St Barthelemy; BM Bermuda; BQ
Bonaire; BS Bahamas; BZ Belize; CA Canada; CR Costa Rica; CU Cuba; CW Curaçao; DM Dominica; DO
Dominican Republic; GD Grenada; GL Greenland; GP Guadeloupe; GT Guatemala; HN Honduras; HT
Haiti; JM Jamaica; KN St Kitts & Nevis; KY Cayman Islands; LC St Lucia; MF Saint Martin; MQ
Martinique; MS Montserrat; MX Mexico; NI Nicaragua; PA Panama; PM St Pierre & Miquelon; PR
Puerto Rico; SV El Salvador; SX Sint Maarten; TC Turks & Caicos Is; TT Trinidad & Tobago; US
United States; VC St Vincent; VG British Virgin Islands; VI U.S. Virgin Islands"""),
    "OC": _table("""
AS American Samoa; AU Australia; CK Cook Islands; FJ Fiji; FM Micronesia; GU Guam; KI Kiribati;
MH Marshall Islands; MP Northern Mariana Islands; NC New Caledonia; NF Norfolk Island; NR Nauru;
NU Niue; NZ New Zealand; PF French Polynesia; PG Papua New Guinea; PN Pitcairn; PW Palau; SB
Solomon Islands; TK Tokelau; TO Tonga; TV Tuvalu; UM U.S. Minor Outlying Islands; VU Vanuatu; WF
Wallis & Futuna; WS Samoa"""),
    "SA": _table("""
AR Argentina; BO Bolivia; BR Brazil; CL Chile; CO Colombia; EC Ecuador; FK Falkland Islands; GF
French Guiana; GY Guyana; PE Peru; PY Paraguay; SR Suriname; UY Uruguay; VE Venezuela"""),
}

COUNTRIES = {code: name for table in BY_CONTINENT.values() for code, name in table.items()}


def continent_of(country: str | None) -> str | None:
    """The code of the continent that a country lies on; None where it is not known."""
    return next((code for code, held in BY_CONTINENT.items() if country in held), None)


STATES = _table("""
AK Alaska; AL Alabama; AR Arkansas; AZ Arizona; CA California; CO Colorado; CT Connecticut; DC
District of Columbia; DE Delaware; FL Florida; GA Georgia; HI Hawaii; IA Iowa; ID Idaho; IL
Illinois; IN Indiana; KS Kansas; KY Kentucky; LA Louisiana; MA Massachusetts; MD Maryland; ME
Maine; MI Michigan; MN Minnesota; MO Missouri; MS Mississippi; MT Montana; NC North Carolina; ND
North Dakota; NE Nebraska; NH New Hampshire; NJ New Jersey; NM New Mexico; NV Nevada; NY New
York; OH Ohio; OK Oklahoma; OR Oregon; PA Pennsylvania; RI Rhode Island; SC South Carolina; SD
South Dakota; TN Tennessee; TX Texas; UT Utah; VA Virginia; VT Vermont; WA Washington; WI
Wisconsin; WV West Virginia; WY Wyoming""")
"""Subdivisions of the USA, the only country whose subdivisions can be routed by."""

REGIONS = frozenset((
    "us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "ca-west-1",
    "mx-central-1", "sa-east-1", "eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1",
    "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eusc-de-east-1", "af-south-1",
    "il-central-1", "me-central-1", "me-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1",
    "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2", "ap-southeast-1",
    "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6",
    "ap-southeast-7", "cn-north-1", "cn-northwest-1", "us-gov-east-1", "us-gov-west-1",
))  # fmt: skip
"""Regions of latency records (API_ResourceRecordSet, Region); AWS adds one now and then."""

REGION_NAME = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-[0-9]{1,2}")
