"""Every sentence of the sign-in pages, in English and in French."""

# ruff: noqa: E501 - a sentence is not broken for the sake of a margin

from __future__ import annotations

from string import Template
from typing import Literal

Language = Literal["en", "fr"]
LANGUAGES: dict[Language, str] = {"en": "English", "fr": "Français"}

WORDS: dict[str, tuple[str, str]] = {
    "CLIENT_AREA": ("Client area", "Espace client"),
    "MANAGEMENT_INTERFACE": ("Management interface", "Interface de gestion"),
    "WEBMAIL": ("Webmail", "Webmail"),
    # Signing in
    "sign_in": ("Sign in", "Se connecter"),
    "sign_in_to": ("$platform: sign in", "$platform : connexion"),
    "login": ("Login name or e-mail", "Identifiant ou adresse e-mail"),
    "password": ("Password", "Mot de passe"),
    "shared": ("This is a shared computer", "Cet ordinateur est partagé"),
    "shared_hint": (
        "You will be signed out when the browser closes, after 10 minutes without use, and after an hour at the latest.",
        "Vous serez déconnecté à la fermeture du navigateur, après 10 minutes d'inactivité, et au plus tard après une "
        "heure.",
    ),
    "forgot": ("Forgot your password?", "Mot de passe oublié ?"),
    "owner_only": ("The owner of a domain, without an account?", "Titulaire d'un domaine, sans compte ?"),
    "wrong": (
        "The login name or the password is not right.",
        "L'identifiant ou le mot de passe n'est pas correct.",
    ),
    "wait": (
        "Too many wrong attempts. The next one is looked at in $wait s. A device you have used before, a passkey, or a "
        "link to a new password still opens the account.",
        "Trop d'essais erronés. Le prochain sera examiné dans $wait s. Un appareil déjà utilisé, une clé d'accès ou un "
        "lien vers un nouveau mot de passe ouvrent encore le compte.",
    ),
    "code_beside": ("Code from your app, or a recovery code", "Code de votre application, ou code de secours"),
    "with_passkey": ("Sign in with a passkey", "Se connecter avec une clé d'accès"),
    "elsewhere": ("Sign in to another service", "Se connecter à un autre service"),
    "again": ("Confirm that it is you", "Confirmez que c'est bien vous"),
    "again_why": (
        "What you are about to do is sensitive, so please sign in once more.",
        "Ce que vous allez faire est délicat : veuillez vous connecter encore une fois.",
    ),
    "confirm": ("Confirm", "Confirmer"),
    "lapsed": ("That took too long. Please begin again.", "Cela a pris trop de temps. Veuillez recommencer."),
    # Second step
    "second": ("Second step", "Deuxième étape"),
    "second_why": (
        "Your password was right. Now the six digits of your authenticator app, or one of your recovery codes.",
        "Votre mot de passe est correct. Maintenant les six chiffres de votre application d'authentification, ou l'un "
        "de vos codes de secours.",
    ),
    "second_passkey": (
        "Your password was right. Now your passkey, or one of your recovery codes.",
        "Votre mot de passe est correct. Maintenant votre clé d'accès, ou l'un de vos codes de secours.",
    ),
    "code": ("Code", "Code"),
    "wrong_code": (
        "This code is not right, or was used already. Wait for the next one.",
        "Ce code n'est pas correct, ou a déjà servi. Attendez le suivant.",
    ),
    "use_passkey": ("Use a passkey", "Utiliser une clé d'accès"),
    "passkey_failed": (
        "That did not work. Try again, or sign in another way.",
        "Cela n'a pas marché. Réessayez, ou connectez-vous autrement.",
    ),
    "passkey_elsewhere": (
        "Passkeys need a name in the address: open $address.",
        "Les clés d'accès demandent un nom dans l'adresse : ouvrez $address.",
    ),
    "start_again": ("Start again", "Recommencer"),
    # Signing out
    "sign_out": ("Sign out", "Se déconnecter"),
    "sign_out_why": ("Sign out of this browser?", "Se déconnecter de ce navigateur ?"),
    "signed_out": ("You are signed out.", "Vous êtes déconnecté."),
    "signed_out_hint": (
        "On a shared computer, close the browser as well.",
        "Sur un ordinateur partagé, fermez aussi le navigateur.",
    ),
    # Passwords
    "forgot_title": ("A new password", "Un nouveau mot de passe"),
    "forgot_why": (
        "Say which sign-in it is for. We send a link to the e-mail address that we have.",
        "Dites de quelle connexion il s'agit. Nous envoyons un lien à l'adresse e-mail que nous connaissons.",
    ),
    "service": ("Service", "Service"),
    "send_link": ("Send the link", "Envoyer le lien"),
    "sent": ("Look into your mailbox", "Consultez votre boîte aux lettres"),
    "sent_why": (
        "If this sign-in exists, a link is on its way. It works once, for 30 minutes.",
        "Si cette connexion existe, un lien est en route. Il ne sert qu'une fois, pendant 30 minutes.",
    ),
    "link_void": (
        "This link was used already, is too old, or was never ours.",
        "Ce lien a déjà servi, est trop ancien, ou n'a jamais été des nôtres.",
    ),
    "another_link": ("Ask for another link", "Demander un autre lien"),
    "new_password": ("New password", "Nouveau mot de passe"),
    "current_password": ("Present password", "Mot de passe actuel"),
    "set_password": ("Set the password", "Enregistrer le mot de passe"),
    "password_set": ("Your password is set.", "Votre mot de passe est enregistré."),
    "password_set_why": (
        "Everybody else was signed out of this service. You can sign in now.",
        "Toutes les autres sessions de ce service ont été fermées. Vous pouvez vous connecter.",
    ),
    "change_password": ("Change the password", "Changer le mot de passe"),
    "change_password_why": (
        "Everybody else who is signed in to this service will be signed out.",
        "Toutes les autres sessions de ce service seront fermées.",
    ),
    "rule": (
        "At least $least characters. Any text will do, such as several unrelated words; with the four kinds below it is "
        "stronger.",
        "Au moins $least caractères. Tout texte convient, par exemple plusieurs mots sans rapport ; avec les quatre "
        "sortes ci-dessous il est plus fort.",
    ),
    "rule_classes": (
        "At least $least characters, with all four kinds below.",
        "Au moins $least caractères, avec les quatre sortes ci-dessous.",
    ),
    "upper": ("Upper-case letter", "Lettre majuscule"),
    "lower": ("Lower-case letter", "Lettre minuscule"),
    "digit": ("Digit", "Chiffre"),
    "sign": ("Sign, such as ! or -", "Signe, tel que ! ou -"),
    "length": ("$least characters", "$least caractères"),
    "present": ("there", "présent"),
    "missing": ("missing", "manquant"),
    "PASSWORD_TOO_LONG": ("Use a shorter password: at most 1,024 bytes.", "Choisissez un mot de passe plus court."),
    "PASSWORD_TOO_SHORT": (
        "Use at least $least characters, such as several unrelated words.",
        "Utilisez au moins $least caractères, par exemple plusieurs mots sans rapport.",
    ),
    "PASSWORD_LACKS_CLASSES": ("Add what is missing below.", "Ajoutez ce qui manque ci-dessous."),
    "PASSWORD_COMMON": (
        "This is a common or compromised password, or one with common changes. Choose another.",
        "C'est un mot de passe courant ou compromis, ou à peine modifié. Choisissez-en un autre.",
    ),
    "PASSWORD_PERSONAL": (
        "Leave out your own name, login name, e-mail, domain, address, phone and customer number.",
        "Évitez vos propres nom, identifiant, e-mail, domaine, adresse, téléphone et numéro de client.",
    ),
    "PASSWORD_SAME": (
        "This is the present password. Choose another.",
        "C'est le mot de passe actuel. Choisissez-en un autre.",
    ),
    "PASSWORD_REUSED": (
        "You use this password for another of your services. Choose a different one for each.",
        "Vous utilisez ce mot de passe pour un autre de vos services. Choisissez-en un différent pour chacun.",
    ),
    "WRONG_PASSWORD": ("This is not the present password.", "Ce n'est pas le mot de passe actuel."),
    "TOO_MANY_ATTEMPTS": (
        "Too many wrong attempts. Try again in a few minutes.",
        "Trop d'essais erronés. Réessayez dans quelques minutes.",
    ),
    "CONFLICT": (
        "One of your passwords was changed in the meantime. Try again.",
        "L'un de vos mots de passe a été changé entre-temps. Réessayez.",
    ),
    # It wasn't me
    "not_me_title": ("Was this not you?", "Ce n'était pas vous ?"),
    "not_me_what": ("$platform, $at", "$platform, le $at"),
    "not_me_why": (
        "If it was not you: everybody is signed out everywhere, the old password opens nothing any more, and we send "
        "you a link to a new one.",
        "Si ce n'était pas vous : toutes les sessions sont fermées partout, l'ancien mot de passe n'ouvre plus rien, et "
        "nous vous envoyons un lien vers un nouveau.",
    ),
    "not_me": ("It was not me", "Ce n'était pas moi"),
    "not_me_done": ("Everybody is signed out", "Toutes les sessions sont fermées"),
    "not_me_done_why": (
        "The old password opens nothing any more. A link to choose a new one is on its way to your mailbox.",
        "L'ancien mot de passe n'ouvre plus rien. Un lien pour en choisir un nouveau est en route vers votre boîte aux "
        "lettres.",
    ),
    # Cookies and news
    "edit_choices": ("Edit my choices", "Modifier mes choix"),
    "cookies": ("Your choice of cookies", "Votre choix de cookies"),
    "cookies_why": (
        "Cookies that keep you signed in and remember this choice are always there. Others are set only if you accept, and you can change your mind here at any time.",
        "Les cookies qui vous gardent connecté et retiennent ce choix sont toujours présents. D'autres ne sont déposés que si vous acceptez, et vous pouvez changer d'avis ici à tout moment.",
    ),
    "cookies_control": (
        "Your browser sends Global Privacy Control: nothing is measured unless you accept it here.",
        "Votre navigateur envoie Global Privacy Control : rien n'est mesuré, sauf si vous l'acceptez ici.",
    ),
    "cookies_measurement": ("Measurement", "Mesure d'audience"),
    "cookies_accept": ("Accept", "Accepter"),
    "cookies_refuse": ("Refuse", "Refuser"),
    "cookies_none": (
        "You have not chosen yet: nothing is measured.",
        "Vous n'avez pas encore choisi : rien n'est mesuré.",
    ),
    "cookies_on": ("You accepted measurement on $day.", "Vous avez accepté la mesure le $day."),
    "cookies_off": ("You refused measurement: nothing is measured.", "Vous avez refusé la mesure : rien n'est mesuré."),
    "cookies_saved": ("Your choice holds from now on.", "Votre choix est valable dès maintenant."),
    "news_stop": ("Stop news by e-mail", "Arrêter les nouvelles par e-mail"),
    "news_stop_why": (
        "You will get no more news about our services. Messages about the services you have go on.",
        "Vous ne recevrez plus de nouvelles de nos services. Les messages concernant vos services continuent.",
    ),
    "news_stopped": (
        "You will get no more news. You can switch them on again in the client area.",
        "Vous ne recevrez plus de nouvelles. Vous pouvez les réactiver dans l'espace client.",
    ),
    # E-mail
    "email_confirm": ("Confirm the new e-mail address", "Confirmer la nouvelle adresse e-mail"),
    "email_confirm_why": (
        "From now on our messages come to this address. Everybody else who is signed in is signed out.",
        "Nos messages arriveront désormais à cette adresse. Toutes les autres sessions sont fermées.",
    ),
    "email_confirmed": ("The new e-mail address is in place.", "La nouvelle adresse e-mail est en place."),
    # Security page
    "security": ("Your sign-in", "Votre connexion"),
    "signed_in_as": ("Signed in to: $platform", "Connecté à : $platform"),
    "two_steps": ("Two-step sign-in", "Connexion en deux étapes"),
    "on": ("On", "Activée"),
    "off": ("Off", "Désactivée"),
    "nag": (
        "Turn on two-step sign-in for: $platform. A stolen password is then not enough.",
        "Activez la connexion en deux étapes pour : $platform. Un mot de passe volé ne suffit alors plus.",
    ),
    "at_other": ("Set it up there, after signing in", "À régler là-bas, après connexion"),
    "TOTP": ("Authenticator app", "Application d'authentification"),
    "PASSKEY": ("Passkey", "Clé d'accès"),
    "RECOVERY_CODES": ("Recovery codes", "Codes de secours"),
    "left": ("$count left", "il en reste $count"),
    "since": ("since $at", "depuis le $at"),
    "last_used": ("last used $at", "utilisée le $at"),
    "never_used": ("never used", "jamais utilisée"),
    "remove": ("Remove", "Supprimer"),
    "add_app": ("Set up an authenticator app", "Configurer une application d'authentification"),
    "replace_app": ("Set up another authenticator app", "Configurer une autre application d'authentification"),
    "add_passkey": ("Add a passkey", "Ajouter une clé d'accès"),
    "passkey_label": ("Name of the passkey", "Nom de la clé d'accès"),
    "passkey_example": ("Phone", "Téléphone"),
    "new_codes": ("New recovery codes", "Nouveaux codes de secours"),
    "scan": (
        "Scan this with your authenticator app, or type the secret. Then enter the six digits that it shows.",
        "Scannez ceci avec votre application d'authentification, ou tapez le secret. Saisissez ensuite les six chiffres "
        "qu'elle affiche.",
    ),
    "qr": ("QR code for the authenticator app", "Code QR pour l'application d'authentification"),
    "secret": ("Secret", "Secret"),
    "open_app": ("Open the app on this device", "Ouvrir l'application sur cet appareil"),
    "codes_title": ("Your recovery codes", "Vos codes de secours"),
    "codes_why": (
        "Write them down or print them, and keep them away from the computer. Each opens your account once, when nothing "
        "else is at hand. They are shown only now; earlier ones are void.",
        "Notez-les ou imprimez-les, et gardez-les loin de l'ordinateur. Chacun ouvre votre compte une fois, quand rien "
        "d'autre n'est à portée de main. Ils ne sont affichés que maintenant ; les précédents ne valent plus rien.",
    ),
    "factor_on": ("Two-step sign-in is on.", "La connexion en deux étapes est activée."),
    "done": ("Done", "Terminé"),
    "apps": ("Apps that may act for you", "Applications qui peuvent agir pour vous"),
    "app_sessions": ("Where apps are signed in", "Où des applications sont connectées"),
    "app_since": ("since $at", "depuis le $at"),
    "take_back": ("Take back", "Retirer"),
    "sessions": ("Where you are signed in", "Où vous êtes connecté"),
    "this_browser": ("this browser", "ce navigateur"),
    "end": ("Sign out", "Déconnecter"),
    "end_others": ("Sign out everywhere else", "Déconnecter partout ailleurs"),
    "ended_others": ("Signed out elsewhere: $count", "Sessions fermées ailleurs : $count"),
    "seen": ("last seen $at", "vu le $at"),
    "recent": ("Recent accesses", "Accès récents"),
    "SUCCEEDED": ("succeeded", "réussi"),
    "FAILED": ("failed", "échoué"),
    "unusual": ("unusual", "inhabituel"),
    "advice": (
        "Keep your antivirus up to date, use a different password for each service, and sign out on shared computers.",
        "Tenez votre antivirus à jour, utilisez un mot de passe différent pour chaque service, et déconnectez-vous des "
        "ordinateurs partagés.",
    ),
    "SECOND_FACTOR_REQUIRED": (
        "Please sign in again first, with your second factor.",
        "Veuillez d'abord vous reconnecter, avec votre second facteur.",
    ),
    "WRONG_CODE": (
        "This code is not right, or was used already. Wait for the next one.",
        "Ce code n'est pas correct, ou a déjà servi. Attendez le suivant.",
    ),
    "FACTOR_NOT_OFFERED": (
        "This service has no second step: mail programs cannot ask for one.",
        "Ce service n'a pas de deuxième étape : les logiciels de courrier ne savent pas la demander.",
    ),
    "NOT_BEGUN": ("Please begin again.", "Veuillez recommencer."),
    "NO_SECOND_FACTOR": ("Add an app or a passkey first.", "Ajoutez d'abord une application ou une clé d'accès."),
    "TOO_MANY_PASSKEYS": ("Remove a passkey first.", "Supprimez d'abord une clé d'accès."),
    "PASSKEY_NOT_ACCEPTED": ("The passkey could not be verified.", "La clé d'accès n'a pas pu être vérifiée."),
    "NOT_FOUND": ("That is not there any more.", "Cela n'existe plus."),
    # Everything else
    "stale_form": (
        "This page was open for too long, or cookies are off. Please try again.",
        "Cette page est restée ouverte trop longtemps, ou les cookies sont désactivés. Veuillez réessayer.",
    ),
    "unavailable": ("Not available at the moment", "Indisponible pour le moment"),
    "unavailable_why": (
        "Nothing was changed. Please try again in a moment.",
        "Rien n'a été changé. Veuillez réessayer dans un instant.",
    ),
    "try_again": ("Try again", "Réessayer"),
    "back": ("Back", "Retour"),
    "language": ("Language", "Langue"),
    "demo": ("Demo", "Démonstration"),
    "demo_note": (
        "The customers here are invented. Sign in as this one; messages to customers are in the outbox.",
        "Les clients sont ici inventés. Connectez-vous comme celle-ci ; les messages aux clients sont dans la boîte "
        "d'envoi.",
    ),
    "demo_code": ("Code at the moment", "Code en ce moment"),
    "outbox": ("Outbox", "Boîte d'envoi"),
    # The owner of a domain
    "registrant": ("Owner of a domain", "Titulaire d'un domaine"),
    "registrant_why": (
        "You are the owner of a domain that somebody else keeps with us? Say which one: we write to the e-mail address that is registered for its owner, with a link to all that we hold about you.",
        "Vous êtes titulaire d'un domaine que quelqu'un d'autre gère chez nous ? Dites lequel : nous écrivons à l'adresse e-mail inscrite pour son titulaire, avec un lien vers tout ce que nous détenons à votre sujet.",
    ),
    "domain": ("Domain", "Domaine"),
    "no_domain_name": (
        "Write a domain name, such as example.ch.",
        "Écrivez un nom de domaine, par exemple exemple.ch.",
    ),
    "registrant_sent": (
        "If this domain is registered here, and its owner has an e-mail address, a link is on its way. It works for an hour.",
        "Si ce domaine est enregistré ici et que son titulaire a une adresse e-mail, un lien est en route. Il est valable une heure.",
    ),
    "owner_name": ("Name", "Nom"),
    "owner_address": ("Address", "Adresse"),
    "owner_email": ("E-mail", "E-mail"),
    "owner_phone": ("Phone", "Téléphone"),
    "registrant_public": ("(shown in the whois)", "(visible dans le whois)"),
    "registrant_hidden": ("(not shown in the whois)", "(non visible dans le whois)"),
    "registrant_whence": ("Where it comes from, and what for", "D'où viennent ces données, et pourquoi"),
    "registrant_source": (
        "The customer who keeps the domain gave it to us, to register the domain and for nothing else. The registry ($registry) receives what it requires, or what may be shown, and publishes it.",
        "Le client qui gère le domaine nous les a données, pour enregistrer le domaine et rien d'autre. Le registre ($registry) reçoit ce qu'il exige, ou ce qui peut être montré, et le publie.",
    ),
    "registrant_kept": (
        "It is kept as long as the customer keeps the domain with us, and goes with the customer at the latest.",
        "Elles sont conservées tant que le client gère le domaine chez nous, et disparaissent au plus tard avec le client.",
    ),
    "registrant_rights": (
        "To have a detail put right, to object or to restrict its use, answer our message. You may also complain to the data protection authority of your country.",
        "Pour faire rectifier une donnée, vous opposer ou limiter son usage, répondez à notre message. Vous pouvez aussi adresser une réclamation à l'autorité de protection des données de votre pays.",
    ),
    "registrant_whither": ("To whom it went", "À qui elles ont été transmises"),
    "registrant_nobody": ("To nobody.", "À personne."),
    "registrant_erasure": ("Erasure", "Effacement"),
    "registrant_erase": ("Erase me as the owner", "M'effacer comme titulaire"),
    "registrant_erase_why": (
        "As long as the domain is registered its owner has to be known: your details are then erased as soon as it ends, and what the registry does not require is hidden at once. Of a domain that has ended they are erased now.",
        "Tant que le domaine est enregistré, son titulaire doit être connu : vos coordonnées sont alors effacées dès sa fin, et ce que le registre n'exige pas est masqué tout de suite. Pour un domaine terminé, elles sont effacées maintenant.",
    ),
    "registrant_waits": (
        "You asked for it on $day. Your details are erased as soon as the domain has ended.",
        "Vous l'avez demandé le $day. Vos coordonnées seront effacées dès la fin du domaine.",
    ),
    "registrant_stay": ("Call it off", "Annuler la demande"),
    "registrant_erased": (
        "Your details as the owner of this domain are erased.",
        "Vos coordonnées de titulaire de ce domaine sont effacées.",
    ),
    "registrant_asked": (
        "A customer named you as the owner of this domain. If you are, say so: you then see everything that was said about you. Until you do, nothing is published about you.",
        "Un client vous a indiqué comme titulaire de ce domaine. Si c'est le cas, confirmez-le : vous verrez alors tout ce qui a été indiqué à votre sujet. D'ici là, rien n'est publié.",
    ),
    "registrant_yes": ("I am the owner", "Je suis le titulaire"),
    "registrant_no": ("I am not", "Ce n'est pas moi"),
    "registrant_declined": (
        "Your address was removed. You will not hear of it again.",
        "Votre adresse a été supprimée. Vous n'en entendrez plus parler.",
    ),
    "registrant_json": ("Take it along (JSON)", "Emporter mes données (JSON)"),
}


def say(language: Language, key: str, **facts: object) -> str:
    """A sentence; KeyError for one that nobody wrote."""
    english, french = WORDS[key]
    text = french if language == "fr" else english
    return Template(text).substitute({name: str(fact) for name, fact in facts.items()}) if "$" in text else text


def chosen(asked: str | None, accept: str | None) -> Language:
    """The language of a page: the one asked for in the address, else the browser's first that we have."""
    if asked in ("en", "fr"):
        return "fr" if asked == "fr" else "en"
    ranked = sorted(_ranked(accept or ""), key=lambda each: -each[1])
    return next((language for language, weight in ranked if weight > 0), "en")


def _ranked(accept: str) -> list[tuple[Language, float]]:
    found: list[tuple[Language, float]] = []
    for item in accept[:500].split(","):
        name, _, quality = item.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        base = name.lower().partition("-")[0]
        if base in ("en", "fr"):
            found.append(("fr" if base == "fr" else "en", weight))
    return found
