"""The relations of customers and their rows; each is one batched read for any number of customers (no N+1)."""

from __future__ import annotations

from resolvers.reads.relations import children, parent
from store.tables.access import sessions, sign_ins
from store.tables.changes import customer_changes
from store.tables.consents import consents, cookie_choices
from store.tables.credentials import credentials, second_factors
from store.tables.customers import customers
from store.tables.disclosures import disclosures
from store.tables.domains import domains
from store.tables.erasures import erasures
from store.tables.exports import exports
from store.tables.invoices import invoice_lines, invoices
from store.tables.oauth import oauth_consents, oauth_families
from store.tables.payments import payment_methods
from store.tables.requests import rights_requests
from store.tables.restrictions import notice_recipients, objections, restrictions
from store.tables.services import services

ID = customers.c.id

services_of = children(services.c.customer_id, of=ID)
domains_of = children(domains.c.customer_id, of=ID)
payment_methods_of = children(payment_methods.c.customer_id, of=ID)
invoices_of = children(invoices.c.customer_id, of=ID, newest_first=True)
lines_of_invoice = children(invoice_lines.c.invoice_id, of=invoices.c.id)
credentials_of = children(credentials.c.customer_id, of=ID)
second_factors_of = children(second_factors.c.credential_id, of=credentials.c.id)
sign_ins_of = children(sign_ins.c.customer_id, of=ID, newest_first=True)
sessions_of = children(sessions.c.customer_id, of=ID, newest_first=True)
consents_of = children(consents.c.customer_id, of=ID, newest_first=True)
cookie_choice_of = parent(cookie_choices.c.customer_id, of=ID)
disclosures_of = children(disclosures.c.customer_id, of=ID, newest_first=True)
erasures_of = children(erasures.c.customer_id, of=ID, newest_first=True)
authorized_apps_of = children(oauth_consents.c.customer_id, of=ID, newest_first=True)
app_sessions_of = children(oauth_families.c.customer_id, of=ID, newest_first=True)
restriction_of = parent(restrictions.c.customer_id, of=ID)
objections_of = children(objections.c.customer_id, of=ID)
notices_of = children(notice_recipients.c.customer_id, of=ID, newest_first=True)
exports_of = children(exports.c.customer_id, of=ID, newest_first=True)
requests_of = children(rights_requests.c.customer_id, of=ID, newest_first=True)

changes_of = children(customer_changes.c.customer_id, of=ID, newest_first=True)

domain_of_service = parent(domains.c.service_id, of=services.c.id)
service_of_domain = parent(services.c.id, of=domains.c.service_id)
customer_of_service = parent(customers.c.id, of=services.c.customer_id)
customer_of_domain = parent(customers.c.id, of=domains.c.customer_id)
customer_of_invoice = parent(customers.c.id, of=invoices.c.customer_id)
