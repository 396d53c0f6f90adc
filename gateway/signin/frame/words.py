"""Every sentence of the sign-in pages."""

from __future__ import annotations

from typing import Final

from messages.message import Message
from messages.words import Words
from policy.platforms import TITLES

WORDS: Final = Words(
    {
        **TITLES,
        # Signing in
        "sign_in": "Sign in",
        "sign_in_to": "{platform}: sign in",
        "login": "Login name or e-mail",
        "password": "Password",
        "shared": "This is a shared computer",
        "shared_hint": (
            "You will be signed out when the browser closes, after 10 minutes without use, and after an hour at the "
            "latest."
        ),
        "forgot": "Forgot your password?",
        "owner_only": "The owner of a domain, without an account?",
        "wrong": "The login name or the password is not right.",
        "wait": (
            "Too many wrong attempts. The next one is looked at in {wait} s. A device you have used before, a "
            "passkey, or a link to a new password still opens the account."
        ),
        "code_beside": "Code from your app, or a recovery code",
        "with_passkey": "Sign in with a passkey",
        "elsewhere": "Sign in to another service",
        "again": "Confirm that it is you",
        "again_why": "What you are about to do is sensitive, so please sign in once more.",
        "confirm": "Confirm",
        "lapsed": "That took too long. Please begin again.",
        # Second step
        "second": "Second step",
        "second_why": (
            "Your password was right. Now the six digits of your authenticator app, or one of your recovery codes."
        ),
        "second_passkey": "Your password was right. Now your passkey, or one of your recovery codes.",
        "code": "Code",
        "wrong_code": "This code is not right, or was used already. Wait for the next one.",
        "use_passkey": "Use a passkey",
        "passkey_failed": "That did not work. Try again, or sign in another way.",
        "passkey_elsewhere": "Passkeys need a name in the address: open {address}.",
        "start_again": "Start again",
        # Signing out
        "sign_out": "Sign out",
        "sign_out_why": "Sign out of this browser?",
        "signed_out": "You are signed out.",
        "signed_out_hint": "On a shared computer, close the browser as well.",
        # Staff at /audit
        "staff_title": "Sign-in of staff",
        "staff_failed": "The sign-in did not work. Please try again.",
        "staff_unknown": "You are signed in at the company, but are not registered here.",
        "staff_unavailable": "The sign-in of the company cannot be reached right now. Please try again in a moment.",
        "staff_again": "Back to the data map",
        # Staff at /staff/requests
        "req_title": "Requests of persons",
        "req_none": "No request waits.",
        "req_all": "All requests",
        "req_open_ones": "Open requests",
        "req_new": "Record a request",
        "req_number": "Number of the customer",
        "req_kind": "Right that is used",
        "req_way": "Way in which it came",
        "req_reference": "Number of the case, such as REQ-12",
        "req_on": "Day on which it came, if not today",
        "req_purpose": "Purpose, of an objection",
        "req_record": "Record it",
        "req_due": "answer by {day}",
        "req_late": "overdue",
        "req_person": "The person",
        "req_person_why": "To check who asks. That you looked is recorded, and the person sees it.",
        "req_two": "It takes two persons",
        "req_sign": (
            "Who checks who asks signs this text, and somebody else who carries it out: ssh-keygen -Y sign -n "
            "{namespace}"
        ),
        "req_signature": "Signature of the text above",
        "req_how": "By what the person was known, in one sentence",
        "req_verify": "Record that it was checked who asks",
        "req_carry": "Carry it out",
        "req_correct": "Correct what is filled in",
        "req_answer": "Send the answer",
        "req_text": "What the person is told",
        "req_because": "Reason, as the person is told it",
        "req_time": "Time",
        "req_pause": "Wait for something of the person",
        "req_resume": "Go on",
        "req_extend": "Take two further months",
        "req_refuse": "Refuse it",
        "req_refuse_hint": "The letter says how to complain, and to whom.",
        "req_withdraw": "The person took it back",
        "req_ground": "Ground (GDPR Art. 18(1))",
        "req_waits": "Wait for the end of the last service",
        "req_waits_hint": "Without it, the erasure is refused while services run.",
        "req_givenName": "Given name",
        "req_familyName": "Family name",
        "req_phone": "Phone",
        "req_street": "Street and number",
        "req_street2": "Second line",
        "req_postalCode": "Postal code",
        "req_city": "Town or city",
        "req_region": "State, province or canton",
        "req_country": "Country, such as CH",
        "req_done": "It is done, and recorded.",
        "req_failed": "It was not done: {why}",
        "req_only": "You may look at the register, and change nothing.",
        # Passwords
        "forgot_title": "A new password",
        "forgot_why": "Say which sign-in it is for. We send a link to the e-mail address that we have.",
        "service": "Service",
        "send_link": "Send the link",
        "sent": "Look into your mailbox",
        "sent_why": "If this sign-in exists, a link is on its way. It works once, for 30 minutes.",
        "link_void": "This link was used already, is too old, or was never ours.",
        "another_link": "Ask for another link",
        "new_password": "New password",
        "current_password": "Present password",
        "set_password": "Set the password",
        "password_set": "Your password is set.",
        "password_set_why": "Everybody else was signed out of this service. You can sign in now.",
        "more_services": "More services",
        "more_services_why": "Each service has a sign-in of its own, with a password that you use nowhere else.",
        "set_up": "{platform}: set up the sign-in",
        "set_up_why": "Choose the address that you sign in with, and a password that you use for no other service.",
        "login_own": "Your e-mail address, or one at a domain that you have registered with us",
        "service_added": "You can now sign in to: {platform}",
        "INVALID_EMAIL": "This is no e-mail address.",
        "MIXED_SCRIPTS": "The address mixes letters of several scripts, which could be taken for another one.",
        "CREDENTIAL_EXISTS": "You can sign in there already.",
        "LOGIN_NAME_NOT_YOURS": "Take your e-mail address, or one at a domain that you have registered with us.",
        "LOGIN_NAME_TAKEN": "This login name is in use. Take another one.",
        "change_password": "Change the password",
        "change_password_why": "Everybody else who is signed in to this service will be signed out.",
        "rule": (
            "At least {least} characters. Any text will do, such as several unrelated words; with the four kinds "
            "below it is stronger."
        ),
        "rule_classes": "At least {least} characters, with all four kinds below.",
        "upper": "Upper-case letter",
        "lower": "Lower-case letter",
        "digit": "Digit",
        "sign": "Sign, such as ! or -",
        "length": "{least} characters",
        "show": "Show",
        "copy": "Copy",
        "copied": "Copied",
        "save_file": "Save as a file",
        "print": "Print",
        "hide": Message("Hide", context="a password"),
        "weak": "Weak: add length, or words that have nothing to do with each other.",
        "fair": "Fair: it is accepted. A few more characters make it strong.",
        "strong": "Strong.",
        "present": "there",
        "missing": "missing",
        "PASSWORD_TOO_LONG": "Use a shorter password: at most 1,024 bytes.",
        "PASSWORD_TOO_SHORT": "Use at least {least} characters, such as several unrelated words.",
        "PASSWORD_LACKS_CLASSES": "Add what is missing below.",
        "PASSWORD_COMMON": "This is a common or compromised password, or one with common changes. Choose another.",
        "PASSWORD_PERSONAL": "Leave out your own name, login name, e-mail, domain, address, phone and customer number.",
        "PASSWORD_SAME": "This is the present password. Choose another.",
        "PASSWORD_REUSED": "You use this password for another of your services. Choose a different one for each.",
        "WRONG_PASSWORD": "This is not the present password.",
        "TOO_MANY_ATTEMPTS": "Too many wrong attempts. Try again in a few minutes.",
        "CONFLICT": "One of your passwords was changed in the meantime. Try again.",
        # It wasn't me
        "not_me_title": "Was this not you?",
        "not_me_what": "{platform}, {at}",
        "not_me_why": (
            "If it was not you: everybody is signed out everywhere, the old password opens nothing any more, and we "
            "send you a link to a new one."
        ),
        "not_me": "It was not me",
        "not_me_done": "Everybody is signed out",
        "not_me_done_why": (
            "The old password opens nothing any more. A link to choose a new one is on its way to your mailbox."
        ),
        # Cookies and news
        "cookies": "Your choice of cookies",
        "cookies_why": (
            "Cookies that keep you signed in and remember this choice are always there. Others are set only if you "
            "accept, and you can change your mind here at any time."
        ),
        "cookies_control": (
            "Your browser sends Global Privacy Control: nothing is measured unless you accept it here."
        ),
        "cookies_measurement": "Measurement",
        "cookies_accept": "Accept",
        "cookies_refuse": "Refuse",
        "cookies_none": "You have not chosen yet: nothing is measured.",
        "cookies_on": "You accepted measurement on {day}.",
        "cookies_off": "You refused measurement: nothing is measured.",
        "cookies_control_site": "Your browser sends Global Privacy Control: nothing is measured unless you accept it.",
        "cookies_on_site": "You accepted. You can change your mind at any time.",
        "cookies_off_site": "Nothing is measured unless you accept. You can change your mind at any time.",
        "cookies_saved": "Your choice holds from now on.",
        "news_stop": "Stop news by e-mail",
        "news_stop_why": ("You will get no more news about our services. Messages about the services you have go on."),
        "news_stopped": "You will get no more news. You can switch them on again in the client area.",
        # E-mail
        "email_confirm": "Confirm the new e-mail address",
        "email_confirm_why": (
            "From now on our messages come to this address. Everybody else who is signed in is signed out."
        ),
        "email_confirmed": "The new e-mail address is in place.",
        # Security page
        "security": "Your sign-in",
        "signed_in_as": "Signed in to: {platform}",
        "two_steps": "Two-step sign-in",
        "on": "On",
        "off": "Off",
        "nag": "Turn on two-step sign-in for: {platform}. A stolen password is then not enough.",
        "at_other": "Set it up there, after signing in",
        "TOTP": "Authenticator app",
        "PASSKEY": "Passkey",
        "RECOVERY_CODES": "Recovery codes",
        "left": "{count} left",
        "since": "since {at}",
        "last_used": "last used {at}",
        "never_used": "never used",
        "remove": "Remove",
        "add_app": "Set up an authenticator app",
        "replace_app": "Set up another authenticator app",
        "add_passkey": "Add a passkey",
        "passkey_label": "Name of the passkey",
        "passkey_example": "Phone",
        "new_codes": "New recovery codes",
        "scan": ("Scan this with your authenticator app, or type the secret. Then enter the six digits that it shows."),
        "qr": "QR code for the authenticator app",
        "secret": "Secret",
        "open_app": "Open the app on this device",
        "codes_title": "Your recovery codes",
        "codes_why": (
            "Write them down or print them, and keep them away from the computer. Each opens your account once, when "
            "nothing else is at hand. They are shown only now; earlier ones are void."
        ),
        "factor_on": "Two-step sign-in is on.",
        "done": "Done",
        "apps": "Apps that may act for you",
        "app_sessions": "Where apps are signed in",
        "app_since": "since {at}",
        "take_back": "Take back",
        "sessions": "Where you are signed in",
        "this_browser": "this browser",
        "end": Message("Sign out", context="another session"),
        "end_others": "Sign out everywhere else",
        "ended_others": "Signed out elsewhere: {count}",
        "seen": "last seen {at}",
        "recent": "Recent accesses",
        "SUCCEEDED": "succeeded",
        "FAILED": "failed",
        "unusual": "unusual",
        "advice": (
            "Keep your antivirus up to date, use a different password for each service, and sign out on shared "
            "computers."
        ),
        "SECOND_FACTOR_REQUIRED": "Please sign in again first, with your second factor.",
        "WRONG_CODE": "This code is not right, or was used already. Wait for the next one.",
        "FACTOR_NOT_OFFERED": "This service has no second step: mail programs cannot ask for one.",
        "NOT_BEGUN": "Please begin again.",
        "NO_SECOND_FACTOR": "Add an app or a passkey first.",
        "TOO_MANY_PASSKEYS": "Remove a passkey first.",
        "PASSKEY_NOT_ACCEPTED": "The passkey could not be verified.",
        "NOT_FOUND": "That is not there any more.",
        # Everything else
        "stale_form": "This page was open for too long, or cookies are off. Please try again.",
        "unavailable": "Not available at the moment",
        "unavailable_why": "Nothing was changed. Please try again in a moment.",
        "try_again": "Try again",
        "back": "Back",
        "demo": "Demo",
        "demo_note": ("The customers here are invented. Sign in as this one; messages to customers are in the outbox."),
        "demo_code": "Code at the moment",
        "outbox": "Outbox",
        # The owner of a domain
        "registrant": "Owner of a domain",
        "registrant_why": (
            "You are the owner of a domain that somebody else keeps with us? Say which one: we write to the e-mail "
            "address that is registered for its owner, with a link to all that we hold about you."
        ),
        "domain": "Domain",
        "no_domain_name": "Write a domain name, such as example.ch.",
        "registrant_sent": (
            "If this domain is registered here, and its owner has an e-mail address, a link is on its way. It works "
            "for an hour."
        ),
        "owner_name": "Name",
        "owner_address": "Address",
        "owner_email": "E-mail",
        "owner_phone": "Phone",
        "registrant_public": "(shown in the whois)",
        "registrant_hidden": "(not shown in the whois)",
        "registrant_whence": "Where it comes from, and what for",
        "registrant_source": (
            "The customer who keeps the domain gave it to us, to register the domain and for nothing else. The "
            "registry ({registry}) receives what it requires, or what may be shown, and publishes it."
        ),
        "registrant_kept": (
            "It is kept as long as the customer keeps the domain with us, and goes with the customer at the latest."
        ),
        "registrant_rights": (
            "To have a detail put right, to object or to restrict its use, answer our message. You may also complain "
            "to the data protection authority of your country."
        ),
        "registrant_whither": "To whom it went",
        "registrant_nobody": "To nobody.",
        "registrant_erasure": "Erasure",
        "registrant_erase": "Erase me as the owner",
        "registrant_erase_why": (
            "As long as the domain is registered its owner has to be known: your details are then erased as soon as "
            "it ends, and what the registry does not require is hidden at once. Of a domain that has ended they are "
            "erased now."
        ),
        "registrant_waits": "You asked for it on {day}. Your details are erased as soon as the domain has ended.",
        "registrant_stay": "Call it off",
        "registrant_erased": "Your details as the owner of this domain are erased.",
        "registrant_asked": (
            "A customer named you as the owner of this domain. If you are, say so: you then see everything that was "
            "said about you. Until you do, nothing is published about you."
        ),
        "registrant_yes": "I am the owner",
        "registrant_no": "I am not",
        "registrant_declined": "Your address was removed. You will not hear of it again.",
        "registrant_json": "Take it along (JSON)",
    }
)
