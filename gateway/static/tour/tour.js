// The demo's tour: the same question, asked by five clients side by side, with what decided and what was recorded.

import { byId, h } from '../dom.js';
import { at } from '../root.js';

const WHO = ['billing', 'support', 'noc', 'newsletter', 'customer'];
const ACCESSES = '{ me { accesses(first: 6) { nodes { index at clientName why fields { coordinate } proof { size } } } } }';

async function post(path, tool, query) {
  const headers = { authorization: `Bearer ${tool.token}`, 'content-type': 'application/json' };
  // A purpose that needs a reason gets one: the number of a ticket.
  if (tool.examples.some((each) => each.reference)) headers['purpose-reference'] = 'INC-4711';
  const answer = await fetch(at(path), { method: 'POST', headers, body: JSON.stringify({ query }), credentials: 'omit', cache: 'no-store' });
  return { status: answer.status, body: await answer.json() };
}

// The cell of the matrix that decided: the field, the purpose that was asked for, and those that would do.
const cell = ({ message, extensions }) => h('li', null, h('code', null, extensions?.coordinate ?? ''), ' ',
  extensions?.allowedPurposes ? ['not for ', h('code', null, extensions.purpose), '; for ', extensions.allowedPurposes.join(', ')] : message);

function told(tool, judged, answered) {
  const refused = judged.body.refused ?? judged.body.errors ?? [];
  return h('section', { class: answered.status === 200 && !answered.body.errors ? 'yes' : 'no' }, h('h2', null, tool.label),
    h('p', { class: 'quiet' }, tool.purposes.join(', ') || 'no purpose'),
    h('p', null, h('strong', null, `${answered.status} `), refused.length ? `refused: ${refused.length} field${refused.length > 1 ? 's' : ''}` : 'answered'),
    refused.length > 0 && h('ul', null, refused.map(cell)),
    !refused.length && [h('h3', null, 'Answer'), h('pre', { tabindex: 0 }, JSON.stringify(answered.body.data ?? answered.body, null, 1)),
      h('h3', null, 'Columns that were selected'), h('p', null, (judged.body.columns ?? []).map((each) => [h('code', null, each), ' ']))]);
}

async function ask(tools, query) {
  byId('answers').setAttribute('aria-busy', 'true');
  const sections = await Promise.all(tools.map(async (tool) => told(tool, await post('/graphql/dry-run', tool, query), await post('/graphql', tool, query))));
  byId('answers').replaceChildren(...sections);
  byId('answers').removeAttribute('aria-busy');
  const { body } = await post('/graphql', tools.find((each) => each.name === 'customer'), ACCESSES);
  byId('ledger').replaceChildren(...(body.data?.me.accesses.nodes ?? []).map((each) => h('li', null,
    h('strong', null, each.clientName ?? ''), ` ${each.why ?? ''} `, h('code', null, each.fields.map((one) => one.coordinate).join(', ')),
    ` · entry ${each.index}`, each.proof ? `, proven in a tree of ${each.proof.size}` : ', signed within a minute')));
  document.body.dataset.ready = 'yes';
}

const { tokens } = await (await fetch(at('/demo/tokens'), { credentials: 'omit', cache: 'no-store' })).json();
const tools = WHO.map((name) => tokens.find((each) => each.name === name)).filter(Boolean);
byId('question').addEventListener('submit', (event) => {
  event.preventDefault();
  ask(tools, byId('query').value);
});
await ask(tools, byId('query').value);
