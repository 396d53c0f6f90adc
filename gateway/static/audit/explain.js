// One cell in words.

import { h } from '../dom.js';
import { readers } from './facts.js';
import { current, say, sentence } from './words.js';

const row = (name, ...value) => h('div', null, h('dt', null, name), h('dd', null, value));

// Whether it may be read for the purpose, and what for.
function verdict(field, purpose) {
  const use = field.purposes.find((each) => each.name === purpose);
  const told = [h('p', { class: 'verdict' }, say(use ? 'may' : 'mayNot', field.coordinate, purpose))];
  told.push(h('p', null, sentence('Purpose', purpose)));
  if (use?.when) told.push(h('p', null, say('only', sentence('Condition', use.when))));
  return told;
}

const within = (audit, field, purpose) => readers(audit, field.coordinate, purpose).map((each) => each.name).join(', ') || say('noClient');

const facts = (field) => [
  field.category && row(say('category'), `${field.category}: ${sentence('DataCategory', field.category)}`),
  row(say('kept'), field.retention.map((each) => sentence('RetentionRule', each)).join(' ')),
  row(say('disclosed'), field.disclosedTo.map((each) => sentence('Recipient', each)).join(' ') || say('nobody')),
  field.column && row(say('rests'), h('code', null, field.column)),
];

export function explained(audit, field, purpose) {
  const allowed = field.purposes.some((each) => each.name === purpose);
  return [...verdict(field, purpose),
    h('dl', null, allowed && row(say('readBy'), within(audit, field, purpose)), facts(field))];
}

// The whole row: the field once, then what it may be read for.
export function explainedField(audit, field, purposes) {
  const uses = field.purposes.filter((each) => purposes.includes(each.name));
  return [
    field.description && h('p', { lang: 'en' }, field.description),
    h('dl', null, facts(field)),
    uses.map((use) => h('div', { class: `use ${use.when ? 'condition' : 'always'}` },
      h('p', null, h('b', { class: 'chip' }, use.name), ' ', sentence('Purpose', use.name)),
      use.when && h('p', null, say('only', sentence('Condition', use.when))),
      h('p', { class: 'quiet' }, `${say('readBy')}${current() === 'fr' ? '\u00a0' : ''}: `, within(audit, field, use.name)))),
  ].flat(2).filter(Boolean);
}
