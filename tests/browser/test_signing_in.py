"""Signing in and registering, as a reader does it: in two languages, with script and without."""

from tests.browser.surfing import NARROW, PLAIN, PLAIN_NARROW, Looks, Window, seen_in
from tests.identity.pages.reading import NEW_PASSWORD, wrong
from tests.playground import Playground, Reader

WITHOUT = Looks("nb", script=False, width=320, height=640)
SWEDISH = Looks("sv")


@seen_in(NARROW, PLAIN, WITHOUT, SWEDISH)
async def test_with_a_password(window: Window, reader: Reader) -> None:
    await window.open("/user/login", **window.site)
    await window.look("sign-in")
    await window.sign_in(reader, "not the password")
    await window.look("sign-in-wrong")
    assert await window.alert() == window.text("The e-mail or number and the password do not match. Please try again.")
    assert (await window.page.title()).startswith(window.text("Error:"))
    await window.fill(j_password="")
    await window.sign_in(reader)
    assert window.page.url == window.back


@seen_in(NARROW, PLAIN, WITHOUT, SWEDISH)
async def test_with_a_one_time_code(window: Window, reader: Reader) -> None:
    await window.open("/user/login", **window.site)
    await window.press("Use a one-time code")
    await window.look("by-code")
    await window.field("E-mail or mobile number").fill("kari")
    await window.press("Send me a code")
    await window.look("by-code-wrong")
    await window.field("E-mail or mobile number").fill(reader.credential)
    await window.press("Send me a code")
    await window.look("code")
    code = await window.newest_code(reader.credential)
    await window.field("Code").fill(wrong(code))
    await window.press("Continue")
    await window.look("code-wrong")
    assert await window.alert() == window.text(
        "That is not the code, or it can no longer be used. Try again, or ask for a new one."
    )
    await window.field("Code").fill(code)
    await window.press("Continue")
    assert window.page.url == window.back


@seen_in(NARROW, PLAIN, WITHOUT, SWEDISH)
async def test_registering(window: Window) -> None:
    await window.open("/user/createUser", **window.site)
    await window.look("register")
    await window.field("E-mail or mobile number").fill("ny@example.no")
    await window.press("Send me a code")
    await window.field("Code").fill(await window.newest_code("ny@example.no"))
    await window.press("Continue")
    await window.look("register-name")
    await window.field("First name").fill("Åse")
    await window.field("Last name").fill("Ørn")
    await window.field("Password").fill("password123")
    await window.press("Register")
    await window.look("register-name-wrong")
    assert await window.alert() == window.text("This password is easy to guess. Please choose another one.")
    assert await window.field("First name").input_value() == "Åse"
    await window.field("Password").fill(NEW_PASSWORD)
    await window.press("Register")
    assert window.page.url == window.back


@seen_in(NARROW, PLAIN)
async def test_a_forgotten_password(window: Window, reader: Reader) -> None:
    await window.open("/user/login", credential=reader.credential, **window.site)
    await window.press("Forgotten your password?")
    await window.look("forgotten")
    assert await window.field("E-mail or mobile number").input_value() == reader.credential
    await window.press("Send me a code")
    await window.field("Code").fill(await window.newest_code(reader.credential))
    await window.press("Continue")
    await window.look("new-password")
    await window.field("New password").fill(reader.credential)
    await window.press("Save and sign in")
    await window.look("new-password-wrong")
    await window.field("New password").fill(NEW_PASSWORD)
    await window.press("Save and sign in")
    assert window.page.url == window.back
    await window.open("/user/logout", **window.site)
    await window.open("/user/login", **window.site)
    await window.sign_in(reader, NEW_PASSWORD)
    assert window.page.url == window.back


@seen_in(Looks("nb"), PLAIN_NARROW)
async def test_who_is_signed_in_as_somebody_else_is_told_so(
    window: Window, reader: Reader, playground: Playground
) -> None:
    other = await playground.add_reader("ola.nordmann.med.et.langt.navn@underavdeling.avisene.example.no")
    await window.open("/user/login", **window.site)
    await window.sign_in(other)
    await window.open("/user/login", credential=reader.credential, **window.site)
    await window.look("signed-in-as-another")
    assert other.credential in await window.page.locator("main").inner_text()
    assert await window.field("E-mail or mobile number").input_value() == reader.credential
    await window.sign_in(reader)
    assert window.page.url == window.back
    await window.open("/user/loginCheck", credential=other.credential, **window.site)
    assert window.page.url == window.sorry
    await window.open("/user/loginCheck", credential=reader.credential, **window.site)
    assert window.page.url == window.back


@seen_in(Looks("nb"), PLAIN)
async def test_who_gives_up_is_led_back(window: Window) -> None:
    await window.open("/user/login", **window.site)
    await window.press("Cancel and go back to %(name)s", name="Fjordposten")
    assert window.page.url == window.sorry


@seen_in(Looks("nb"), PLAIN_NARROW)
async def test_another_language_can_be_chosen_in_the_middle_of_it(window: Window, reader: Reader) -> None:
    await window.open("/user/login", **window.site)
    await window.press("Norsk nynorsk")
    await window.press("Bruk ein eingongskode")
    await window.page.get_by_label("E-post eller mobilnummer").fill(reader.credential)
    await window.press("Send meg ein kode")
    assert await window.heading() == "Skriv koden"
    await window.press("English")
    assert await window.heading() == "Type the code"
    assert await window.page.locator("html").get_attribute("lang") == "en"
    await window.page.get_by_label("Code").fill(await window.newest_code(reader.credential))
    async with window.page.expect_navigation():
        await window.page.get_by_role("button", name="Continue").click()
    assert window.page.url == window.back


async def test_the_keyboard_alone_is_enough(window: Window, reader: Reader) -> None:
    """Each stop of the tabulator key can be seen, and they come in the order in which the page is read."""
    await window.open("/user/login", **window.site)
    keys, stops = window.page.keyboard, []
    assert await focused(window) == window.text("E-mail or mobile number")
    await keys.type(reader.credential)
    for _ in range(20):
        await keys.press("Tab")
        stop = await focused(window)
        if not stop:
            break
        stops.append(stop)
    first = ["Password", "Keep me signed in on this device", "Sign in", "Use a one-time code", "Sign in with a passkey"]
    last = ["Forgotten your password?", "Register", "Cancel and go back to %(name)s"]
    words = [window.text(one, name="Fjordposten") for one in first + last]
    assert stops == [*words, "Norsk nynorsk", "Svenska", "English"]
    await window.field("Password").focus()
    await keys.type("correct horse battery")
    await keys.press("Tab")
    await keys.press("Space")
    assert not await window.field("Keep me signed in on this device").is_checked()
    async with window.page.expect_navigation():
        await keys.press("Enter")
    assert window.page.url == window.back


async def focused(window: Window) -> str:
    """What has the focus, by its label or words, after a look at whether that can be seen."""
    found = await window.page.evaluate(
        """() => {
            const one = document.activeElement;
            if (one === document.body) return null;
            const outline = getComputedStyle(one);
            const seen = outline.outlineStyle !== "none" && parseFloat(outline.outlineWidth) >= 2;
            return {words: (one.labels?.[0] ?? one).textContent.trim(), seen};
        }"""
    )
    if found is None:
        return ""
    assert found["seen"], found["words"]
    return str(found["words"])
