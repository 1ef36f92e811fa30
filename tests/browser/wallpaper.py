"""A client's logo and background picture."""

LOGO_URL = "https://pictures.example.no/logo.svg"
LOGO = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 48" width="240" height="48">
<rect width="240" height="48" rx="4" fill="#12324a"/>
<text x="120" y="33" font-family="serif" font-size="27" font-weight="bold" fill="#fff" text-anchor="middle"
>Fjordposten</text></svg>"""
WALLPAPER_URL = "https://pictures.example.no/fjord.svg"
WALLPAPER = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1280 800" preserveAspectRatio="xMidYMid slice">
<rect width="1280" height="800" fill="#cfe0ea"/><circle cx="980" cy="210" r="70" fill="#f6d9a8"/>
<path d="M0 460 220 240 380 420 560 180 800 470 1010 300 1280 480V800H0z" fill="#7f9db0"/>
<path d="M0 560 180 430 400 580 690 390 930 590 1280 440V800H0z" fill="#4d7188"/>
<path d="M0 620H1280V800H0z" fill="#2f566c"/></svg>"""
