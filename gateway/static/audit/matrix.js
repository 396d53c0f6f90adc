// Fields against purposes: a grid to walk through with the arrow keys; on a phone a list to open.

import { h } from '../dom.js';
import { explained, explainedField } from './explain.js';
import { shownPurposes } from './facts.js';
import { count, say } from './words.js';

const MARKS = { always: '●', condition: '◐', never: '·' };
const kindOf = (field, purpose) => {
  const use = field.purposes.find((each) => each.name === purpose);
  return use ? (use.when ? 'condition' : 'always') : 'never';
};

function byType(fields) {
  const types = new Map();
  for (const field of fields) {
    const type = field.coordinate.split('.')[0];
    if (!types.has(type)) types.set(type, []);
    types.get(type).push(field);
  }
  // What everything else belongs to stands first.
  return [...types].sort(([one], [other]) => (other === 'Customer') - (one === 'Customer'));
}

export function grid(audit, fields) {
  const purposes = shownPurposes(audit);
  const told = h('div', { class: 'told', role: 'status' }, h('p', { class: 'quiet' }, say('hint')));
  const cell = (field, purpose) => {
    const kind = kindOf(field, purpose);
    const name = `${field.coordinate}, ${purpose}: ${say(kind)}`;
    return h('td', { class: kind, tabindex: -1, 'aria-label': name, onfocus: show, onmouseenter: show }, MARKS[kind]);
    function show() { told.replaceChildren(...explained(audit, field, purpose)); }
  };
  const head = h('thead', null, h('tr', null,
    h('th', { scope: 'col' }, say('field')),
    purposes.map((each) => h('th', { scope: 'col', class: 'purpose' }, h('span', null, each)))));
  const bodies = byType(fields).map(([type, some]) => h('tbody', null,
    h('tr', { class: 'type' }, h('th', { scope: 'rowgroup', colspan: purposes.length + 1 }, h('span', null, type))),
    some.map((field) => h('tr', null,
      h('th', { scope: 'row', title: field.description }, field.coordinate.slice(type.length + 1)),
      purposes.map((each) => cell(field, each))))));
  const table = h('table', { role: 'grid', 'aria-label': say('matrix'), onkeydown: walk }, head, bodies);
  table.querySelector('td')?.setAttribute('tabindex', 0);
  return [h('div', { class: 'split' }, h('div', { class: 'scroll', tabindex: 0 }, table), told)];
}

const STEPS = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };

// One cell is in the order of the tab key; arrows, Home and End move to the others.
function walk(event) {
  const from = event.target.closest('td');
  if (!from) return;
  const rows = [...from.closest('table').querySelectorAll('tbody tr:not(.type)')];
  const row = rows.indexOf(from.parentElement);
  const column = from.cellIndex;
  let to;
  if (event.key === 'Home') to = from.parentElement.cells[1];
  else if (event.key === 'End') to = from.parentElement.lastElementChild;
  else if (STEPS[event.key]) to = rows[row + STEPS[event.key][0]]?.cells[column + STEPS[event.key][1]];
  if (!to || to.tagName !== 'TD') return;
  event.preventDefault();
  from.tabIndex = -1;
  to.tabIndex = 0;
  to.focus();
}

export function list(audit, fields) {
  const purposes = shownPurposes(audit);
  const one = (field, type) => {
    const details = h('details', null, h('summary', null,
      h('code', null, field.coordinate.slice(type.length + 1)), ' ',
      h('span', { class: 'quiet' }, field.category ?? '', ' · ', `${field.purposes.length}`)));
    details.addEventListener('toggle', () => details.append(...explainedField(audit, field, purposes)), { once: true });
    return h('li', null, details);
  };
  return byType(fields).map(([type, some]) => h('section', { class: 'fields' },
    h('h3', null, type, ' ', h('span', { class: 'quiet' }, count(some.length))),
    h('ul', null, some.map((field) => one(field, type)))));
}

export const legend = () => h('p', { class: 'legend' }, Object.entries(MARKS)
  .map(([kind, mark]) => h('span', null, h('b', { class: kind, 'aria-hidden': 'true' }, mark), ' ', say(kind))));
