"""What people write instead of a zone's name, and the zones it may mean: a table, the likeliest zone first.

None of them is ever taken for a zone: the same letters stand for other clocks elsewhere, and for half a year only.
"""

_PACIFIC = "America/Los_Angeles America/Vancouver America/Tijuana"
_MOUNTAIN = "America/Denver America/Phoenix America/Edmonton"
_CENTRAL = "America/Chicago America/Mexico_City America/Winnipeg"
_EASTERN = "America/New_York America/Toronto America/Panama"
_ATLANTIC = "America/Halifax America/Puerto_Rico"
_WEST_EUROPE = "Europe/Lisbon Atlantic/Canary"
_MID_EUROPE = "Europe/Madrid Europe/Paris Europe/Berlin Europe/Rome Europe/Warsaw"
_EAST_EUROPE = "Europe/Athens Europe/Helsinki Europe/Kyiv Africa/Cairo"
_EAST_AUSTRALIA = "Australia/Sydney Australia/Melbourne Australia/Brisbane"
_MID_AUSTRALIA = "Australia/Adelaide Australia/Darwin"

# Phrases in lower case, without accents, dots and anything in brackets.
_TABLE = {
    "pt, pdt, pacific time, pacific standard time, pacific daylight time, pacific summer time": _PACIFIC,
    "hora del pacifico, hora estandar del pacifico, hora de verano del pacifico": _PACIFIC + " America/Mazatlan",
    "pst": _PACIFIC + " Asia/Manila",
    "mt, mst, mdt, mountain time, mountain standard time, mountain daylight time": _MOUNTAIN,
    "hora de la montana, hora de las montanas, hora de las montanas rocosas": _MOUNTAIN,
    "ct, central time, central standard time, central daylight time, central summer time": _CENTRAL,
    "hora central, hora del centro, hora estandar central, hora de verano central": _CENTRAL,
    "cst": _CENTRAL + " Asia/Shanghai America/Havana",
    "cdt": "America/Chicago America/Winnipeg America/Havana",
    "et, est, edt, eastern time, eastern standard time, eastern daylight time, eastern summer time": _EASTERN,
    "hora del este, hora oriental, hora estandar oriental, hora de verano oriental": _EASTERN,
    "at, adt, atlantic time, atlantic standard time, atlantic daylight time, hora del atlantico": _ATLANTIC,
    "ast": _ATLANTIC + " Asia/Riyadh",
    "akt, akst, akdt, alaska time": "America/Anchorage",
    "hst, hawaii time": "Pacific/Honolulu",
    "hdt": "America/Adak",
    "nst, ndt": "America/St_Johns",
    "cot": "America/Bogota",
    "pet": "America/Lima",
    "ect": "America/Guayaquil",
    "vet": "America/Caracas",
    "bot": "America/La_Paz",
    "pyt": "America/Asuncion",
    "clt, clst": "America/Santiago",
    "art": "America/Argentina/Buenos_Aires",
    "uyt": "America/Montevideo",
    "brt, brst": "America/Sao_Paulo",
    "wet, west, western european time, western european summer time": _WEST_EUROPE,
    "cet, cest, met, mest, central european time, central european summer time": _MID_EUROPE,
    "mez, mesz, hora central europea, heure d europe centrale": _MID_EUROPE,
    "eet, eest, eastern european time, eastern european summer time": _EAST_EUROPE,
    "bst": "Europe/London Asia/Dhaka",
    "ist": "Asia/Kolkata Europe/Dublin Asia/Jerusalem",
    "idt": "Asia/Jerusalem",
    "msk": "Europe/Moscow",
    "trt": "Europe/Istanbul",
    "wat": "Africa/Lagos Africa/Kinshasa",
    "cat": "Africa/Maputo Africa/Harare Africa/Khartoum",
    "eat": "Africa/Nairobi Africa/Addis_Ababa",
    "sast": "Africa/Johannesburg",
    "gst": "Asia/Dubai Pacific/Guam Atlantic/South_Georgia",
    "irst": "Asia/Tehran",
    "pkt": "Asia/Karachi",
    "npt": "Asia/Kathmandu",
    "bdt": "Asia/Dhaka",
    "ict": "Asia/Bangkok",
    "wib": "Asia/Jakarta",
    "wita": "Asia/Makassar",
    "wit": "Asia/Jayapura",
    "sgt": "Asia/Singapore",
    "myt": "Asia/Kuala_Lumpur",
    "hkt": "Asia/Hong_Kong",
    "pht": "Asia/Manila",
    "jst": "Asia/Tokyo",
    "kst": "Asia/Seoul",
    "awst": "Australia/Perth",
    "wst": "Australia/Perth Pacific/Apia",
    "acst, acdt, australian central time": _MID_AUSTRALIA,
    "act": _MID_AUSTRALIA + " America/Rio_Branco",
    "aet, aest, aedt, australian eastern time": _EAST_AUSTRALIA,
    "nzt, nzst, nzdt": "Pacific/Auckland",
    "chst": "Pacific/Guam",
    "sst": "Pacific/Pago_Pago Asia/Singapore",
}

MEANT: dict[str, tuple[str, ...]] = {
    phrase: tuple(zones.split()) for phrases, zones in _TABLE.items() for phrase in phrases.split(", ")
}
