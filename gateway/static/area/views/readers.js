// Who read my data and why, from the ledger; and what was passed on to others.

import { h } from '../../dom.js';
import { ask } from '../api.js';
import { paged } from '../lists.js';
import { asked, fieldName, hour, say } from '../words.js';

export async function readers() {
  const language = asked();
  const [read, passed] = await Promise.all([
    paged((after) => ask('Accesses', { after, language }).then(({ me }) => me.accesses), access, say('noReaders'), h('ul', { class: 'rows', id: 'accesses' })),
    paged((after) => ask('Disclosures', { after, language }).then(disclosed), disclosure, say('noDisclosures')),
  ]);
  return [
    h('section', null, h('p', null, say('readersWhy')), read),
    h('section', null, h('h2', null, say('disclosures')), passed),
  ];
}

// Each with its purpose as a sentence.
const disclosed = ({ me, purposes }) => {
  const said = Object.fromEntries(purposes.map(({ name, text }) => [name, text]));
  return { ...me.disclosures, nodes: me.disclosures.nodes.map((each) => ({ ...each, why: said[each.purpose] ?? '' })) };
};

const disclosure = (each) => h('li', null,
  h('span', null, h('strong', null, each.recipientName), ` ${[each.recipientCountry, each.why].filter(Boolean).join(' · ')}`,
    h('span', { class: 'quiet' }, each.fields.map(fieldName).join(', '))), h('span', null, hour(each.at)));

// What was read of the customer, each kind of data once; a field without a category is nobody's data.
const kinds = (fields) => [...new Set(fields.filter((one) => one.category && one.description).map((one) => one.description))];

const access = (each) => h('li', null, h('details', null,
  h('summary', null, h('strong', null, each.clientName ?? each.client), h('span', null, ` ${each.why ?? ''} `), h('time', { datetime: each.at, class: 'quiet' }, hour(each.at))),
  each.reference && h('p', null, say('reference', each.reference)), h('p', { class: 'quiet' }, say('fields')),
  h('ul', null, kinds(each.fields).map((one) => h('li', null, one)))));
