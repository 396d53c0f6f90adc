// Clients and their reach; consents and checkpoints.

import { h } from '../dom.js';
import { exported } from './csv.js';
import { time } from './dates.js';
import { timeline } from './timeline.js';
import { unique } from './facts.js';
import { count, say, sentence, title, worded } from './words.js';

function table(columns, rows, none) {
  if (!rows.length) return h('p', null, none);
  return h('div', { class: 'scroll', tabindex: 0 }, h('table', { class: 'plain' },
    h('thead', null, h('tr', null, columns.map((each) => h('th', { scope: 'col' }, each)))),
    h('tbody', null, rows.map((row) => h('tr', null, row.map((each) => h('td', null, each)))))));
}

function documents(client) {
  const number = client.documents.length;
  const known = number === 1 ? say('document') : say('documents', number);
  return client.documentsOnly ? `${known}, ${say('onlyThese')}` : number ? `${known}, ${say('adHoc')}` : say('adHoc');
}

function reach(client, purpose) {
  const some = client.reach.filter((each) => each.purpose === purpose);
  const told = (each) => [h('code', null, each.coordinate),
    each.conditions.length ? h('span', { class: 'quiet' }, ` ${each.conditions.map((one) => sentence('Condition', one)).join(' ')}`) : null];
  return h('details', null,
    h('summary', null, h('b', { title: purpose }, title('purpose', purpose)), ' ', h('span', { class: 'quiet' }, count(unique(some.map((each) => each.coordinate)).length),
      some.some((each) => each.ownDataOnly) ? ` · ${say('own')}` : '')),
    h('p', { class: 'quiet' }, sentence('Purpose', purpose)),
    h('ul', null, some.map((each) => h('li', null, told(each)))));
}

export function clients(audit) {
  const { clients: every, findings } = audit.clients;
  const one = (client) => h('article', { class: 'card' },
    h('h3', null, client.name),
    h('p', { class: 'quiet' }, h('code', null, client.id), client.disabled ? ` · ${say('disabled')}` : ` · ${documents(client)}`),
    client.purposes.length ? client.purposes.map((each) => reach(client, each)) : h('p', null, say('noCustomer')),
    client.scopes.length ? h('p', { class: 'quiet' }, client.scopes.join(' ')) : null);
  return [
    h('div', { class: 'cards' }, every.map(one)),
    findings.length ? [h('h3', null, say('findings')), h('ul', null, findings.map((each) => h('li', null, each.message)))] : null,
  ];
}

// Who keeps asking for what they may not have.
export function refusals(audit) {
  const row = (each) => [h('code', null, each.client), each.purpose ? title('purpose', each.purpose) : '–',
    each.coordinate ? h('code', null, each.coordinate) : say('whole'), worded('reason', each.reason), String(each.operations), time(each.lastAt)];
  return table([say('client'), say('purpose'), say('field'), say('reason'), say('times'), say('last')],
    audit.refusals.map(row), say('noRefusal'));
}

// What operators did: an entry before each act, and one after it.
export function acts(audit) {
  const row = (each) => [time(each.at), h('code', null, each.act), worded('state', each.state), [each.target, ...each.details].filter(Boolean).join(' '),
    h('span', null, each.staff ? `${each.staff} · ` : null, h('code', null, each.operator))];
  return table([say('when'), say('act'), say('state'), say('target'), say('who')], audit.acts.map(row), say('noAct'));
}

export function promises(audit) {
  const { consents, checkpoints } = audit;
  return [timeline(audit), h('div', { class: 'columns' },
    h('section', null, heading(audit, 'checkpoints', 'checkpoints'),
      table([say('signed'), say('entries'), say('root')],
        checkpoints.map((each) => [time(each.signedAt), each.size, h('code', { title: each.root }, `${each.root.slice(0, 12)}…`)]),
        say('noCheckpoint'))),
    h('section', null, heading(audit, 'consents', 'consents'),
      table([say('kind'), say('given'), say('withdrawn')],
        consents.standing.map((each) => [worded('kind', each.kind), String(each.given), String(each.withdrawn)]), say('none'))))];
}

const heading = (audit, key, name) => h('h3', null, say(key), ' ', exported(audit, name, say(key)));
