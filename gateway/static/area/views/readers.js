// Who read my data and why, from the ledger: others first, by day and reader, in sentences; and what was passed on.

import { h } from '../../dom.js';
import { ask, keep } from '../api.js';
import { announce, carry, select } from '../forms.js';
import { paged } from '../lists.js';
import { asked, countryName, day, fieldName, hour, listed, say, small, time, why, words } from '../words.js';

const OWN = 'SELF_SERVICE';
const MOST = 6;

export async function readers() {
  const language = asked();
  const log = history(language);
  const passed = paged((after) => ask('Disclosures', { after, language }).then(disclosed), disclosure, say('noDisclosures'));
  await log.more(MOST);
  return [
    h('div', { class: 'beside' }, log.shown),
    h('div', { class: 'beside' }, h('section', null, h('h2', null, say('disclosures')), await passed)),
  ];
}

// The readings that were loaded, with filters over them. Whoever reads this page reads, too: that is told, and folded away.
function history(language) {
  const found = [];
  let page = { hasNextPage: true, endCursor: null };
  let before = null;
  const list = h('div', { id: 'accesses' });
  const chosen = h('div', { class: 'row of-3' });
  const filters = h('details', { id: 'filters' }, h('summary', null, say('filter')), chosen);
  const more = h('button', { type: 'button', class: 'plain', onclick: () => carry(() => load(1), () => draw()) }, say('more'));
  const shown = h('section', null, h('h2', null, say('othersRead')), h('p', { class: 'quiet' }, say('readersWhy')), filters, list, h('p', { class: 'acts' }, more));

  // On until somebody else was found, or so many pages were read.
  async function load(pages) {
    for (let at = 0; at < pages && page.hasNextPage; at += 1) {
      const { me } = await ask('Accesses', { after: page.endCursor, language });
      for (const { cursor, node } of me.accesses.edges) {
        found.push({ ...node, before, kinds: kinds(node.fields) });
        before = cursor;
      }
      page = me.accesses.pageInfo;
      if (found.some((each) => each.purpose !== OWN)) break;
    }
  }

  function choice(id, label, of, named) {
    const there = [...new Map(found.filter((each) => each.purpose !== OWN).flatMap((each) => of(each).map((key) => [key, named(key, each)])))];
    const kept = document.getElementById(id)?.value ?? '';
    const made = select(id, label, [['', say('all')], ...there], kept);
    made.querySelector('select').addEventListener('change', () => draw(true));
    return made;
  }

  function draw(filtered = false) {
    if (!filtered) {
      const made = [
        choice('by-reader', say('byReader'), (each) => [each.client], (_, each) => each.clientName ?? each.client),
        choice('by-purpose', say('byPurpose'), (each) => [each.purpose ?? ''].filter(Boolean), (_, each) => why(each.purpose, each.why)),
        choice('by-datum', say('byDatum'), (each) => each.kinds, (kind) => kindName(kind)),
      ];
      chosen.replaceChildren(...made);
    }
    const wanted = ['by-reader', 'by-purpose', 'by-datum'].map((id) => filters.querySelector(`#${id}`).value);
    const others = found.filter((each) => each.purpose !== OWN && (!wanted[0] || each.client === wanted[0])
      && (!wanted[1] || each.purpose === wanted[1]) && (!wanted[2] || each.kinds.includes(wanted[2])));
    const own = found.filter((each) => each.purpose === OWN);
    filters.hidden = !found.some((each) => each.purpose !== OWN);
    list.replaceChildren(...days(others),
      ...(others.length ? [] : [h('p', { class: 'empty' }, say(filters.hidden ? 'noReaders' : 'noSuchReaders'))]),
      ...(own.length ? [h('details', { id: 'own' }, h('summary', null, say('ownVisits', own.length)), days(own))] : []));
    more.hidden = !page.hasNextPage;
  }

  return { shown, more: async (pages) => { await load(pages); draw(); } };
}

// The tool, and the member of staff who asked with it: by name where the company tells it, else by role and code.
const reader = ({ client, clientName, person }) => [clientName ?? client, person && `(${person.name ?? `${words(person.role)}, ${person.code}`})`].filter(Boolean).join(' ');

// By day, and within it by reader, purpose and case; the newest first, as they come.
function days(found) {
  const of = Map.groupBy(found, (each) => day(each.at));
  return [...of].map(([name, those]) => h('div', { class: 'day' }, h('h3', null, name),
    h('ul', { class: 'rows' }, [...Map.groupBy(those, (each) => [each.client, each.person?.code, each.purpose, each.reference].join('|')).values()].map(sentence))));
}

function sentence(group) {
  const [first] = group;
  const what = [...new Set(group.flatMap((each) => each.kinds))];
  return h('li', null, h('details', null,
    h('summary', null, h('strong', null, reader(first)), ' ', what.length ? say('readWhat', listed(what.map(kindName))) : say('readNothing'),
      h('span', { class: 'quiet' }, [why(first.purpose, first.why), first.reference && say('reference', first.reference), group.length > 1 ? say('times', group.length) : time(first.at)].filter(Boolean).join(' · '))),
    h('ul', { class: 'entries' }, group.map((each) => h('li', null, h('time', { datetime: each.at }, hour(each.at)), ' ',
      h('button', { type: 'button', class: 'plain', 'data-proof': each.index, onclick: () => prove(each) }, say('proof'), h('span', { class: 'unseen' }, ` ${reader(first)} ${hour(each.at)}`)))))));
}

// The proof that the signed ledger has the entry, for whoever checks it: `gateway ledger verify`.
function prove(each) {
  return carry(async () => {
    const { me } = await ask('AccessProof', { after: each.before });
    const proof = me.accesses.nodes.find((one) => one.index === each.index)?.proof;
    if (proof) keep(new Blob([proof.file], { type: 'text/plain' }), `${each.index}.tlog-proof`);
    return { proof };
  }, ({ proof }) => announce(say(proof ? 'proofSaved' : 'proofLater')));
}

// What was read of the customer, each kind of data once; a field without a category is nobody's data.
const kinds = (fields) => [...new Set(fields.map((one) => one.category).filter(Boolean))].filter((one) => !['CUSTOMER_ID', 'SUBJECT_PSEUDONYM'].includes(one));
const kindName = (kind) => say(`your_${kind}`);

// Each with its purpose as a sentence.
const disclosed = ({ me, purposes }) => {
  const said = Object.fromEntries(purposes.map(({ name, text }) => [name, text]));
  return { ...me.disclosures, nodes: me.disclosures.nodes.map((each) => ({ ...each, told: why(each.purpose, said[each.purpose]) })) };
};

// The registries have a name that is made of their domain, which the page says in the reader's language.
const recipient = (name) => { const registry = /^Registry of (\.\S+)$/.exec(name ?? ''); return registry ? say('registryOf', registry[1]) : name; };

const disclosure = (each) => h('li', null, h('span', { class: 'grow' },
  h('strong', null, recipient(each.recipientName)), each.recipientCountry && ` (${countryName(each.recipientCountry)})`, ' ', say('gotWhat', listed(each.fields.map(fieldName).map(small))),
  h('span', { class: 'quiet' }, [each.told, day(each.at)].filter(Boolean).join(' · '))));
