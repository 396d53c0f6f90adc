// The data map: one question to the public API, then drawn as often as somebody filters, turns the phone or changes the language.

import { ask, askAsStaff, demoToken, SignedOut } from './api.js';
import { answers } from './answers.js';
import { exported } from './csv.js';
import { today } from './dates.js';
import { byId, h } from '../dom.js';
import { filters, shownPurposes, unique, wanted } from './facts.js';
import { flow } from './flow.js';
import { acts, clients, promises, refusals } from './lists.js';
import { grid, legend, list } from './matrix.js';
import { asked, current, learn, offer, say, sentence, speak, title } from './words.js';

const { mode, person, form, site } = document.body.dataset;
const narrow = window.matchMedia('(max-width: 48rem)');
let token = '';
let audit = null;

function frame() {
  document.title = `${say('title')} · ${site}`;
  byId('title').textContent = say('title');
  byId('lead').textContent = say('lead');
  offer(byId('language'), h, turn);
  byId('person').replaceChildren(...(mode === 'session' ? [leaving()] : []));
  byId('enter').replaceChildren(...(mode === 'token' ? [entrance()] : mode === 'signin' ? [signIn()] : []));
}

const leaving = () => h('form', { method: 'post', action: '/audit/sign-out' },
  h('input', { type: 'hidden', name: 'form', value: form }), h('span', { class: 'quiet' }, say('signedInAs', person)), ' ',
  h('button', { type: 'submit', class: 'plain' }, say('signOut')));

const signIn = () => h('p', { class: 'entrance' }, h('a', { class: 'button', href: `/audit/sign-in?lang=${current()}` }, say('signIn')),
  h('span', { class: 'quiet' }, say('signInHint')));

// Where no provider of the company is set, somebody brings a token; it is kept in this variable and nowhere else.
function entrance() {
  const field = h('input', { id: 'token', type: 'password', autocomplete: 'off', size: 40, required: true, 'aria-describedby': 'token-hint' });
  const send = (event) => {
    event.preventDefault();
    token = field.value.trim();
    load();
  };
  return h('form', { class: 'entrance', onsubmit: send },
    h('label', { for: 'token' }, say('token')), field, h('button', { type: 'submit' }, say('show')),
    h('p', { id: 'token-hint', class: 'quiet' }, say('tokenHint')));
}

async function load() {
  byId('state').textContent = say('loading');
  try {
    audit = await (mode === 'session' ? askAsStaff(form, asked()) : ask(token, asked()));
  } catch (error) {
    if (error instanceof SignedOut) {
      location.reload();
      return;
    }
    audit = null;
    byId('content').replaceChildren();
    byId('state').textContent = say('refused', error.message);
    return;
  }
  byId('state').textContent = '';
  learn(audit.words);
  draw();
  // The browser looked for the place of the address before there was one.
  byId(location.hash.slice(1))?.scrollIntoView();
}

function draw() {
  if (!audit) return;
  const parts = [['matrix', matrix(), 'held'], ['flow', h('div', { id: 'flow-in' }), 'recipients'], ['clients', clients(audit), 'reach'], ['refusals', refusals(audit), 'refusals'], ['acts', acts(audit), 'acts'], ['promises', promises(audit)]];
  byId('parts').setAttribute('aria-label', say('title'));
  byId('parts').replaceChildren(...parts.map(([key]) => h('a', { href: `#${key}` }, say(key))));
  byId('content').replaceChildren(
    h('p', { class: 'printed' }, say('printed', site, today(), audit.schema.sha256.slice(0, 12))),
    answers(audit), h('p', { class: 'printing' }, h('button', { type: 'button', class: 'plain', onclick: () => window.print() }, say('print'))),
    ...parts.map(([key, inside, table]) => h('section', { id: key, 'aria-labelledby': `${key}-title` },
      h('div', { class: 'heading' }, h('h2', { id: `${key}-title` }, say(key)), table ? exported(audit, table, say(key)) : null), inside)),
    foot());
  filtered();
}

const matrix = () => [chooser(), legend(), h('div', { id: 'matrix-in' })];

function foot() {
  const { schema, lint } = audit;
  return h('footer', null, h('p', null, lint.clean ? say('lintClean') : say('lintErrors', lint.counts.error)),
    h('p', null, say('source', schema.name, schema.sha256)));
}

function chooser() {
  const { fields, purposes } = audit.matrix;
  const categories = unique(fields.map((each) => each.category).filter(Boolean)).sort();
  const recipients = unique(fields.flatMap((each) => each.disclosedTo)).sort();
  const choice = (key, kind, names) => h('label', null, say(key), h('select', {
    id: `by-${key}`, onchange: (event) => { filters[key] = event.target.value; filtered(); },
  }, h('option', { value: '' }, say('any')), names.map((each) => h('option', { value: each, title: sentence(kind, each), selected: filters[key] === each }, title(key, each)))));
  const text = h('input', { id: 'by-text', type: 'search', value: filters.text, spellcheck: 'false', oninput: (event) => { filters.text = event.target.value.trim(); filtered(); } });
  return h('form', { class: 'filters', onsubmit: (event) => event.preventDefault() },
    h('label', null, say('search'), text),
    choice('category', 'DataCategory', categories),
    choice('purpose', 'Purpose', purposes.map((each) => each.name)),
    choice('recipient', 'Recipient', recipients),
    h('button', { type: 'button', class: 'plain', onclick: clear }, say('reset')),
    h('p', { id: 'shown', role: 'status', class: 'quiet' }));
}

function clear() {
  for (const key of Object.keys(filters)) {
    filters[key] = '';
    byId(`by-${key}`).value = '';
  }
  filtered();
}

function filtered() {
  const fields = audit.matrix.fields.filter(wanted);
  const purposes = new Set(shownPurposes(audit));
  const pairs = fields.reduce((all, each) => all + each.purposes.filter((one) => purposes.has(one.name)).length, 0);
  byId('shown').textContent = say('shown', fields.length, audit.matrix.fields.length, pairs);
  byId('matrix-in').replaceChildren(...(fields.length ? (narrow.matches ? list : grid)(audit, fields) : [h('p', null, say('none'))]));
  const redraw = () => byId('flow-in').replaceChildren(...flow(audit, fields, () => { const at = document.activeElement?.id; redraw(); byId(at)?.focus(); }));
  redraw();
}

async function turn(language) {
  await speak(language);
  history.replaceState(null, '', `?lang=${current()}${location.hash}`);
  frame();
  byId('language').querySelector('button')?.focus();
  if (token || mode === 'session') load();
}

async function begin() {
  await speak(new URLSearchParams(location.search).get('lang') ?? navigator.language);
  frame();
  narrow.addEventListener('change', draw);
  if (mode === 'demo') token = await demoToken();
  if (mode === 'demo' || mode === 'session') load();
}

begin();
