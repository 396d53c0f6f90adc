// What is drawn: the matrix as it was answered, and what the filters leave of it.

import { title } from './words.js';

export const filters = { category: '', purpose: '', recipient: '', text: '' };

export function wanted(field) {
  const { category, purpose, recipient, text } = filters;
  const said = `${field.coordinate} ${field.category} ${field.category ? title('category', field.category) : ''} ${field.description}`.toLowerCase();
  return (!category || field.category === category)
    && (!purpose || field.purposes.some((each) => each.name === purpose))
    && (!recipient || field.disclosedTo.includes(recipient))
    && (!text || said.includes(text.toLowerCase()));
}

// Purposes that belong together stand together. One that is in no group, such as a new one, stands in the last.
const GROUPS = {
  groupServices: ['SERVICE_PROVISION', 'SERVICE_COMMUNICATION', 'PERSONALISE_COMMUNICATION', 'DOMAIN_REGISTRATION', 'EMERGENCY_CONTACT', 'PARTNER_EXECUTION'],
  groupMoney: ['INVOICING', 'PAYMENT_EXECUTION', 'CARD_ON_FILE', 'STATUTORY_RETENTION'],
  groupSecurity: ['AUTHENTICATION', 'ACCOUNT_SECURITY', 'SELF_PROTECTION'],
  groupNews: ['PRODUCT_NEWS', 'COOKIE_MEASUREMENT', 'COOKIE_ESSENTIAL'],
  groupOthers: [],
};

export function groupsOf(audit) {
  const names = audit.matrix.purposes.map((each) => each.name).filter((name) => !filters.purpose || name === filters.purpose);
  const known = Object.values(GROUPS).flat();
  return Object.entries(GROUPS)
    .map(([key, some]) => ({ key, names: names.filter((name) => (key === 'groupOthers' ? !known.includes(name) : some.includes(name))) }))
    .filter((each) => each.names.length);
}

export const shownPurposes = (audit) => groupsOf(audit).flatMap((each) => each.names);

export const unique = (names) => [...new Set(names)];

// Categories of data from the person inwards: what anybody would call personal first, what only programs know last.
const ORDER = ['NAME', 'EMAIL', 'PHONE', 'POSTAL_ADDRESS', 'STREET', 'POSTAL_CODE', 'CITY', 'REGION', 'COUNTRY', 'PAYMENT_METHOD', 'CARD_NUMBER',
  'CARD_EXPIRY', 'CARD_BRAND', 'TRANSACTION', 'SUBSCRIPTION', 'LOGIN_NAME', 'PASSWORD', 'AUTH_FACTOR', 'IP_ADDRESS', 'COARSE_LOCATION', 'ACCESS_HISTORY',
  'PREFERENCE', 'COOKIE_ID', 'BROWSING', 'CUSTOMER_ID', 'SUBJECT_PSEUDONYM'];

export function categoriesOf(fields) {
  const place = (name) => (name === null ? 1000 : ORDER.includes(name) ? ORDER.indexOf(name) : 900);
  return unique(fields.map((each) => each.category)).sort((one, other) => place(one) - place(other));
}

// Who can read a field for a purpose: the ids of clients.
export function readers(audit, coordinate, purpose) {
  return audit.clients.clients.filter((client) => client.reach
    .some((each) => each.coordinate === coordinate && (!purpose || each.purpose === purpose)));
}
