"""The codes of problems of an input that its sender can correct, in `UserError.code` and on the sign-in pages."""

from __future__ import annotations

from enum import unique

from policy.rows import Row


@unique
class UserErrorCode(Row):
    """A code, which programs act on. Its sentence says what is wrong; what to do is in the error's message."""

    # Any mutation
    CONFLICT = "The object was changed since it was read; the payload has the present one, to merge with."
    NOT_FOUND = "There is no such object, or it is somebody else's."
    REQUIRED = "A value is missing, or empty, that is needed here."
    TOO_LONG = "The text is longer than this field takes."
    INVALID_CHARACTERS = "The text has characters that cannot be seen or stored."
    INVALID_TIME = "The time is too early or too late for what happens at it."
    UNCHANGED = "The value is the present one already."
    TAKEN = "The object, or its name, has one of these already."
    RATE_LIMITED = "Too many requests or messages of this kind were made; wait and repeat."
    PROCESSING_STOPPED = "The customer has restricted processing or objected to this purpose."

    # Idempotency
    INVALID_IDEMPOTENCY_KEY = "The idempotency key is empty, too long, or has characters that cannot be seen."
    IDEMPOTENCY_KEY_REUSED = "The idempotency key came with another input before."
    IN_PROGRESS = "A mutation with this idempotency key is being carried out; repeat it in a moment."
    ALREADY_DONE = "A mutation with this idempotency key was carried out; its answer had a secret that is shown once."

    # Persons and addresses
    INVALID_NAME = "A name has at least one letter."
    INVALID_EMAIL = "This is no e-mail address that is taken here."
    MIXED_SCRIPTS = "The e-mail address mixes scripts within a word, so it could be taken for another one."
    EMAIL_TAKEN = "Another customer has this e-mail address."
    INVALID_PHONE = "This is no telephone number with its country code."
    INVALID_LANGUAGE = "This is no language tag (BCP 47)."
    UNKNOWN_LANGUAGE = "The text is not available in this language."
    INVALID_COUNTRY = "This is no country of ISO 3166-1."
    INVALID_POSTAL_CODE = "The country has no such postal code."
    INVALID_REGION = "The country has no such state, province or canton."
    CUSTOMER_REQUIRED = "The customer must be named in exactly one of two ways."
    INVALID_IP_ADDRESS = "This is no IPv4 or IPv6 address."

    # Services and domains
    SERVICES_ACTIVE = "Services are still running."
    NOT_A_DOMAIN = "The service is not the subscription of a domain."
    INVALID_DOMAIN = "This is no domain name that can be registered here."
    ENDING_NOT_OFFERED = "The ending of the domain has no registry policy, so it is not offered here."
    REGISTRATION_ENDED = "The registration has ended, and its name may be somebody else's."
    REGISTRY_FORBIDS = "The registry never publishes this detail."
    REGISTRY_REQUIRES = "The registry publishes this detail always."

    # Rights
    ERASURE_BEGUN = "The erasure has begun and cannot be stopped."
    ERASURE_OVER = "The erasure was carried out, cancelled or refused already."
    ERASURE_PENDING = "The customer has requested erasure, which must be withdrawn first."
    NOT_ASKED_FOR = "Nobody requested this erasure, so nobody can cancel it: a new service ends it."
    NOT_OBJECTABLE = "There is no right to object to this purpose."
    NOT_RESTRICTED = "Processing is not restricted."
    TOO_MANY_EXPORTS = "As many exports as one customer may have exist already."

    # Consents
    CONSENT_REQUIRED = "The consent to this was not given."
    NOT_CONSENTED = "There is no consent that could be withdrawn."
    WORDING_OUTDATED = "The wording that was shown is not the present one."

    # Payments
    ALREADY_PAID = "The invoice is paid."
    INVOICE_CANCELLED = "The invoice was cancelled."
    INVOICE_NUMBER_TAKEN = "Another invoice has this number."
    INVALID_AMOUNT = "This is no amount of the currency, or the amounts do not add up."
    INVALID_NUMBER = "An invoice number has letters, digits, `-`, `.`, `/` and `_`."
    ONE_CARD = "Exactly one card must be given: a stored one, or one for this payment."
    CARD_EXPIRED = "The card has expired."
    CARD_KNOWN = "The card is stored already."
    INVALID_CARD_CHARACTERS = "The card number has other characters than digits, spaces and hyphens."
    INVALID_CARD_BRAND = "No card network that is known here has numbers that begin like this."
    INVALID_CARD_LENGTH = "The card number is too short or too long for its network."
    INVALID_CARD_CHECKSUM = "A digit of the card number is wrong, or two are swapped."
    INVALID_CARD_TEST = "This is a published test number, which pays nothing."
    INVALID_EXPIRY = "The month or the year of expiry is impossible."
    INVALID_SECURITY_CODE = "The security code has the wrong number of digits."
    NO_AFFILIATE = "No payment affiliate of this name, or none for cards, is registered."
    TOO_MANY_PAYMENT_METHODS = "As many payment methods as one customer may have exist already."
    UNKNOWN_REFERENCE = "The reference has not the form of a case or order number."

    # Passwords, second factors and e-mail links
    WRONG_PASSWORD = "The present password is another one."
    CREDENTIAL_EXISTS = "The platform has a sign-in already."
    LOGIN_NAME_NOT_YOURS = "The login name is no mailbox of the customer."
    LOGIN_NAME_TAKEN = "The login name is used on this platform."
    PASSWORD_SAME = "The new password is the present one."
    PASSWORD_REUSED = "The password is used for another platform."
    PASSWORD_TOO_SHORT = "The password is too short."
    PASSWORD_TOO_LONG = "The password is too long."
    PASSWORD_LACKS_CLASSES = "The password lacks a class of characters."
    PASSWORD_COMMON = "The password is common or was compromised."
    PASSWORD_PERSONAL = "The password contains the customer's own data."
    WRONG_CODE = "The code of the second factor is wrong, or was used already."
    SECOND_FACTOR_REQUIRED = "A current code of the second factor must be given."
    TOO_MANY_ATTEMPTS = "Too many wrong attempts were made; wait before the next one."
    FACTOR_NOT_OFFERED = "The platform has no second factors."
    NO_SECOND_FACTOR = "There is no second factor that recovery codes could stand in for."
    NOT_BEGUN = "There is no enrolment to confirm, or it took too long."
    PASSKEY_NOT_ACCEPTED = "The passkey could not be verified."
    TOO_MANY_PASSKEYS = "As many passkeys as one platform may have exist already."
    LINK_VOID = "The link has expired or was used already."
