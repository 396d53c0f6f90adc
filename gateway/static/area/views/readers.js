// Who read my data and why, from the ledger; and what was passed on to others.

import { h } from '../../dom.js';
import { ask } from '../api.js';
import { asked, hour, say, words } from '../words.js';

export async function readers() {
  const list = h('ul', { class: 'rows', id: 'accesses' });
  const more = h('button', { type: 'button', class: 'plain', onclick: () => load() }, say('more'));
  let after = null;
  async function load() {
    const { me } = await ask('Accesses', { after, language: asked() });
    const { nodes, pageInfo } = me.accesses;
    list.append(...nodes.map(access));
    after = pageInfo.endCursor;
    more.hidden = !pageInfo.hasNextPage;
    if (!list.children.length) list.replaceWith(h('p', null, say('noReaders')));
  }
  const [{ me }] = await Promise.all([ask('Disclosures'), load()]);
  return [
    h('section', null, h('p', null, say('readersWhy')), list, more),
    h('section', null, h('h3', null, say('disclosures')), me.disclosures.length
      ? h('ul', { class: 'rows' }, me.disclosures.map((each) => h('li', null,
        h('span', null, h('strong', null, each.recipientName), ` ${each.recipientCountry ?? ''} · ${words(each.purpose)}`,
          h('span', { class: 'quiet' }, each.fields.join(', '))), h('span', null, hour(each.at)))))
      : h('p', null, say('none'))),
  ];
}

const access = (each) => h('li', null, h('details', null,
  h('summary', null, h('strong', null, each.clientName ?? each.client), h('span', null, ` ${each.why ?? ''} `), h('time', { datetime: each.at, class: 'quiet' }, hour(each.at))),
  each.reference && h('p', null, say('reference', each.reference)), h('p', { class: 'quiet' }, say('fields')),
  h('ul', null, each.fields.filter((one) => one.description).map((one) => h('li', null, one.description)))));
