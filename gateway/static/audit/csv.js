// Answers as files: CSV by RFC 4180, in UTF-8 with a mark at its beginning, so that spreadsheets read the letters right.

import { h } from '../dom.js';
import { say } from './words.js';

// A spreadsheet would carry out a cell that begins like a formula (CWE-1236).
const harmless = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);

function cell(value) {
  const text = harmless(Array.isArray(value) ? value.join(' ') : String(value ?? ''));
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export const csv = (columns, rows) => `\ufeff${[columns, ...rows].map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;

const reach = (audit) => audit.clients.clients.flatMap((client) => client.reach
  .map((each) => [client.id, client.name, each.purpose, each.coordinate, each.conditions, each.ownDataOnly ? 'yes' : 'no', each.via]));

// Each answer's evidence, all of it, whatever is filtered on the page: names as the schema has them, for programs.
export const TABLES = {
  held: (audit) => csv(['field', 'category', 'purpose', 'condition', 'retention', 'recipients', 'column', 'description'],
    audit.matrix.fields.flatMap((field) => (field.purposes.length ? field.purposes : [{}])
      .map((use) => [field.coordinate, field.category, use.name, use.when, field.retention, field.disclosedTo, field.column, field.description]))),
  purposes: (audit) => csv(['purpose', 'fields', 'meaning'],
    [...audit.matrix.purposes.map((each) => each.name), ...audit.matrix.unusedPurposes].map((name) => [name,
      audit.matrix.fields.filter((field) => field.purposes.some((use) => use.name === name)).length,
      audit.words.find((each) => each.enum === 'Purpose' && each.name === name)?.text])),
  reach: (audit) => csv(['client', 'name', 'purpose', 'field', 'conditions', 'own data only', 'documents'], reach(audit)),
  recipients: (audit) => csv(['recipient', 'purposes', 'categories', 'named each time'],
    audit.notice.sharing.map((each) => [each.recipient, each.purposes, each.categories, each.namedEachTime ? 'yes' : 'no'])),
  erasures: (audit) => csv(['due on', 'cases', 'overdue'], audit.erasures.due.map((each) => [each.day, each.cases, each.overdue])),
  refusals: (audit) => csv(['client', 'purpose', 'field', 'reason', 'operations', 'last'],
    audit.refusals.map((each) => [each.client, each.purpose, each.coordinate, each.reason, each.operations, each.lastAt])),
  acts: (audit) => csv(['at', 'act', 'state', 'target', 'details', 'staff', 'operator'],
    audit.acts.map((each) => [each.at, each.act, each.state, each.target, each.details, each.staff, each.operator])),
  checkpoints: (audit) => csv(['signed at', 'entries', 'root'], audit.checkpoints.map((each) => [each.signedAt, each.size, each.root])),
  consents: (audit) => csv(['kind', 'given', 'withdrawn'], audit.consents.standing.map((each) => [each.kind, each.given, each.withdrawn])),
};

function save(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
  h('a', { href: address, download: `${name}-${new Date().toISOString().slice(0, 10)}.csv` }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

// A button that saves a table; `about` names it to whoever does not see where it stands.
export const exported = (audit, name, about) => h('button', {
  type: 'button', class: 'export', 'data-table': name, 'aria-label': `${say('csv')}: ${about}`, onclick: () => save(name, TABLES[name](audit)),
}, 'CSV');
