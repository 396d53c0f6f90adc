// The GraphiQL page: who asks and what for is chosen in the bar, and goes along with every question as headers.
'use strict';

// The path below which the gateway is served; this script is no module.
const ROOT = new URL('..', document.currentScript.src).pathname.slice(0, -1);
const byId = (id) => document.getElementById(id);
const demo = document.body.dataset.demo === 'yes';
const JSON_TYPES = 'application/graphql-response+json, application/json;q=0.9';

// Nothing is kept when the tab is closed: what people type here may be personal data.
const memory = new Map();
const storage = {
  getItem: (key) => memory.get(key) ?? null,
  setItem: (key, value) => { memory.set(key, String(value)); },
  removeItem: (key) => { memory.delete(key); },
  clear: () => memory.clear(),
  get length() { return memory.size; },
};

// What the panel of purposes shows.
let shown = { rules: [], held: [] };
const listeners = new Set();
const state = {
  get: () => shown,
  listen: (listener) => { listeners.add(listener); return () => listeners.delete(listener); },
  set: (change) => { shown = { ...shown, ...change }; listeners.forEach((listener) => listener()); },
};

let everyone = [];
const chosen = () => everyone.find((each) => each.name === byId('who').value);
const token = () => (demo ? chosen()?.token : byId('token').value.trim());

function headersFor(bearer) {
  const headers = { 'content-type': 'application/json', accept: JSON_TYPES };
  if (bearer) headers.authorization = `Bearer ${bearer}`;
  return headers;
}

async function ask(params, options) {
  const headers = headersFor(token());
  const purpose = byId('purpose').value.trim();
  const reference = byId('reference').value.trim();
  if (purpose) headers.purpose = purpose;
  if (reference) headers['purpose-reference'] = reference;
  Object.assign(headers, options?.headers);
  const response = await fetch(`${ROOT}/graphql`, {
    method: 'POST', headers, body: JSON.stringify(params), credentials: 'omit', cache: 'no-store',
  });
  const answer = await response.json();
  say(response, answer);
  return answer;
}

// What became of it, in words: why it was refused and what would be allowed, or which fields were left out.
function say(response, answer) {
  const note = byId('note');
  const reasons = [...new Set((answer.errors ?? []).map((each) => each.message))];
  const withheld = answer.extensions?.withheld ?? [];
  note.classList.toggle('refused', !response.ok || reasons.length > 0);
  if (!response.ok || reasons.length) note.textContent = `${response.ok ? 'Not all was answered' : `Refused (${response.status})`}: ${reasons.slice(0, 3).join(' ') || response.statusText}${reasons.length > 3 ? ` And ${reasons.length - 3} more.` : ''}`;
  else if (withheld.length) note.textContent = `Withheld, for this purpose: ${withheld.map((each) => each.coordinate).join(', ')}.`;
  else describe();
}

function describe() {
  const note = byId('note');
  note.classList.remove('refused');
  if (demo && chosen()) {
    const purposes = chosen().purposes.join(', ') || 'no purpose: it reads no customer';
    note.textContent = `${chosen().label}: ${purposes}.`;
  } else {
    note.textContent = 'Paste an access token to begin. It stays in this tab, and is gone when the tab is closed.';
  }
}

// The schema, and the purposes beside it, are for tokens with the right to introspect; the demo lends the auditor's.
async function look() {
  const bearer = demo ? everyone.find((each) => each.name === 'auditor')?.token : token();
  if (!bearer) return null;
  const headers = headersFor(bearer);
  const body = JSON.stringify({ query: GraphiQL.GraphQL.getIntrospectionQuery() });
  const found = await fetch(`${ROOT}/graphql`, { method: 'POST', headers, body, credentials: 'omit' });
  if (!found.ok) return null;
  const purposes = await fetch(`${ROOT}/graphql/purposes`, { headers, credentials: 'omit' });
  if (purposes.ok) state.set({ rules: (await purposes.json()).fields });
  return (await found.json()).data;
}

const root = ReactDOM.createRoot(byId('graphiql'));
const plugin = window.purposesPanel(state);
const shownProps = {
  fetcher: ask, storage, plugins: [plugin], visiblePlugin: window.innerWidth > 900 ? plugin : null, schema: null, shouldPersistHeaders: false,
  defaultEditorToolsVisibility: false, defaultQuery: '{ grant { client purposes } }\n',
};
function show(change) {
  Object.assign(shownProps, change);
  root.render(React.createElement(GraphiQL, { ...shownProps }));
}

function fill(select, options) {
  select.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
}

function choose() {
  const who = chosen();
  fill(byId('example'), who.examples.map((step, index) => [index, step.answered ? step.title : `${step.title} – refused`]));
  byId('purposes').replaceChildren(...who.purposes.map((purpose) => new Option('', purpose)));
  state.set({ held: who.purposes });
  byId('purpose').value = '';
  byId('note').classList.remove('refused');
  describe();
  example();
}

function example() {
  const step = chosen().examples[Number(byId('example').value)];
  byId('reference').value = step?.reference ?? '';
  if (step) show({ query: pretty(step.query) });
}

function pretty(query) {
  const { parse, print } = GraphiQL.GraphQL;
  return `${print(parse(query))}\n`;
}

// The editors of the bundle make their text areas without a name, and those who listen would not know what they are.
function nameEditors() {
  const names = [['.graphiql-query-editor', 'Query'], ['.graphiql-editor-tools', 'Variables and headers'], ['.result-window', 'Answer']];
  for (const [place, name] of names) {
    for (const area of document.querySelectorAll(`${place} textarea:not([aria-label])`)) area.setAttribute('aria-label', name);
  }
  for (const area of document.querySelectorAll('#graphiql textarea:not([aria-label])')) area.setAttribute('aria-label', 'Editor');
  for (const scrolled of document.querySelectorAll('#graphiql .CodeMirror-scroll[tabindex="-1"]')) scrolled.tabIndex = 0;
}
new MutationObserver(nameEditors).observe(byId('graphiql'), { childList: true, subtree: true });

async function begin() {
  byId('bar').addEventListener('submit', (event) => event.preventDefault());
  if (demo) {
    const response = await fetch(`${ROOT}/demo/tokens`, { credentials: 'omit', cache: 'no-store' });
    everyone = (await response.json()).tokens;
    fill(byId('who'), everyone.map((each) => [each.name, each.label]));
    byId('who').addEventListener('change', choose);
    byId('example').addEventListener('change', example);
    choose();
  } else {
    describe();
    show({});
    byId('token').addEventListener('change', async () => show({ schema: await look() }));
  }
  show({ schema: await look() });
}

begin();
