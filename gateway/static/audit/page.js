// The data map: one question to the public API, then drawn as often as somebody filters, turns the phone or changes the language.

import { ask, demoToken } from './api.js';
import { answers } from './answers.js';
import { byId, h } from '../dom.js';
import { filters, shownPurposes, unique, wanted } from './facts.js';
import { flow } from './flow.js';
import { acts, clients, promises, refusals } from './lists.js';
import { grid, legend, list } from './matrix.js';
import { asked, current, learn, offer, say, sentence, speak } from './words.js';

const demo = document.body.dataset.demo === 'yes';
const narrow = window.matchMedia('(max-width: 48rem)');
let token = '';
let audit = null;

function frame() {
  document.title = `${say('title')} · Customer data gateway`;
  byId('title').textContent = say('title');
  byId('lead').textContent = say('lead');
  offer(byId('language'), h, turn);
  if (!demo) byId('enter').replaceChildren(entrance());
}

// Without the demo somebody brings a token; it is kept in this variable and nowhere else.
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
    audit = await ask(token, asked());
  } catch (error) {
    audit = null;
    byId('content').replaceChildren();
    byId('state').textContent = say('refused', error.message);
    return;
  }
  byId('state').textContent = '';
  learn(audit.words);
  draw();
}

function draw() {
  if (!audit) return;
  const parts = [['matrix', matrix()], ['flow', h('div', { id: 'flow-in' })], ['clients', clients(audit)], ['refusals', refusals(audit)], ['acts', acts(audit)], ['promises', promises(audit)]];
  byId('parts').setAttribute('aria-label', say('title'));
  byId('parts').replaceChildren(...parts.map(([key]) => h('a', { href: `#${key}` }, say(key))));
  byId('content').replaceChildren(
    answers(audit),
    ...parts.map(([key, inside]) => h('section', { id: key, 'aria-labelledby': `${key}-title` }, h('h2', { id: `${key}-title` }, say(key)), inside)),
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
  }, h('option', { value: '' }, say('any')), names.map((each) => h('option', { value: each, title: sentence(kind, each), selected: filters[key] === each }, each))));
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
  byId('flow-in').replaceChildren(...flow(audit, fields));
}

async function turn(language) {
  await speak(language);
  history.replaceState(null, '', `?lang=${current()}${location.hash}`);
  frame();
  byId('language').querySelector('button')?.focus();
  if (token) load();
}

async function begin() {
  await speak(new URLSearchParams(location.search).get('lang') ?? navigator.language);
  frame();
  narrow.addEventListener('change', draw);
  if (demo) {
    token = await demoToken();
    load();
  }
}

begin();
