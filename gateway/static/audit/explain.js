// One cell in words.

import { h } from './dom.js';
import { readers } from './facts.js';
import { say, sentence } from './words.js';

const row = (name, ...value) => h('div', null, h('dt', null, name), h('dd', null, value));

export function explained(audit, field, purpose) {
  const use = field.purposes.find((each) => each.name === purpose);
  const told = [h('p', { class: 'verdict' }, say(use ? 'may' : 'mayNot', field.coordinate, purpose))];
  told.push(h('p', null, sentence('Purpose', purpose)));
  if (use?.when) told.push(h('p', null, say('only', sentence('Condition', use.when))));
  return [...told, facts(audit, field, use ? purpose : null)];
}

function facts(audit, field, purpose) {
  const who = purpose ? readers(audit, field.coordinate, purpose).map((each) => each.name) : [];
  return h('dl', null,
    field.category && row(say('category'), `${field.category}: ${sentence('DataCategory', field.category)}`),
    purpose && row(say('readBy'), who.join(', ') || say('noClient')),
    row(say('kept'), field.retention.map((each) => sentence('RetentionRule', each)).join(' ')),
    row(say('disclosed'), field.disclosedTo.map((each) => sentence('Recipient', each)).join(' ') || say('nobody')),
    field.column && row(say('rests'), h('code', null, field.column)));
}
