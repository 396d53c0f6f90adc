// One cell in words.

import { h } from '../dom.js';
import { readers, unique } from './facts.js';
import { current, say, sentence, title } from './words.js';

const row = (name, ...value) => h('div', null, h('dt', null, name), h('dd', null, value));

// Whether it may be read for the purpose, and what for.
function verdict(field, purpose) {
  const use = field.purposes.find((each) => each.name === purpose);
  const told = [h('p', { class: 'verdict' }, say(use ? 'may' : 'mayNot', field.coordinate, title('purpose', purpose)))];
  told.push(h('p', null, sentence('Purpose', purpose)));
  if (use?.when) told.push(h('p', null, say('only', sentence('Condition', use.when))));
  return told;
}

const namesOf = (audit, fields, purpose) => unique(fields.flatMap((field) => readers(audit, field.coordinate, purpose).map((each) => each.name))).join(', ');
const within = (audit, field, purpose) => namesOf(audit, [field], purpose) || say('noClient');

const facts = (field) => [
  field.category && row(say('category'), `${title('category', field.category)}: ${sentence('DataCategory', field.category)}`),
  row(say('kept'), field.retention.map((each) => sentence('RetentionRule', each)).join(' ')),
  row(say('disclosed'), field.disclosedTo.map((each) => sentence('Recipient', each)).join(' ') || say('nobody')),
  field.column && row(say('rests'), h('code', null, field.column)),
];

export function explained(audit, field, purpose) {
  const allowed = field.purposes.some((each) => each.name === purpose);
  return [...verdict(field, purpose),
    h('dl', null, allowed && row(say('readBy'), within(audit, field, purpose)), facts(field))];
}

// All fields of a category at once.
export function explainedCategory(audit, fields, name, purpose) {
  const some = fields.filter((field) => field.purposes.some((each) => each.name === purpose));
  const conditions = unique(some.flatMap((field) => field.purposes.filter((each) => each.name === purpose && each.when).map((each) => each.when)));
  return [
    h('p', { class: 'verdict' }, say(some.length ? 'mayAll' : 'mayNot', name, title('purpose', purpose), some.length, fields.length)),
    h('p', null, sentence('Purpose', purpose)),
    ...conditions.map((each) => h('p', null, say('only', sentence('Condition', each)))),
    h('dl', null, some.length && row(say('readBy'), namesOf(audit, some, purpose) || say('noClient')),
      some.length && row(say('whichFields'), some.slice(0, 12).map((each) => h('code', null, each.coordinate, ' ')), some.length > 12 ? '…' : '')),
  ];
}

// The whole row: the field once, then what it may be read for.
export function explainedField(audit, field, purposes) {
  const uses = field.purposes.filter((each) => purposes.includes(each.name));
  return [
    field.description && h('p', { lang: 'en' }, field.description),
    h('dl', null, facts(field)),
    uses.map((use) => h('div', { class: `use ${use.when ? 'condition' : 'always'}` },
      h('p', null, h('b', null, title('purpose', use.name)), ' ', sentence('Purpose', use.name)),
      use.when && h('p', null, say('only', sentence('Condition', use.when))),
      h('p', { class: 'quiet' }, `${say('readBy')}${current() === 'fr' ? '\u00a0' : ''}: `, within(audit, field, use.name)))),
  ].flat(2).filter(Boolean);
}
