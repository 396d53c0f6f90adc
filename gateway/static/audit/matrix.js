// Data against purposes: a category a row, which opens to its fields; a grid to walk through with the arrow keys, on a
// phone a list.

import { h } from '../dom.js';
import { explained, explainedCategory, explainedField } from './explain.js';
import { categoriesOf, groupsOf, shownPurposes } from './facts.js';
import { count, say, title } from './words.js';

const MARKS = { always: '●', condition: '◐', never: '·' };
const FEW = 40;
const kindOf = (field, purpose) => {
  const use = field.purposes.find((each) => each.name === purpose);
  return use ? (use.when ? 'condition' : 'always') : 'never';
};

// Of several fields: what most of those that may be read are.
function kindOfAll(fields, purpose) {
  const kinds = fields.map((each) => kindOf(each, purpose)).filter((each) => each !== 'never');
  if (!kinds.length) return 'never';
  return kinds.includes('always') ? 'always' : 'condition';
}

const named = (category) => (category ? title('category', category) : say('noCategory'));
const opened = new Set();

export function grid(audit, fields) {
  const groups = groupsOf(audit);
  const purposes = shownPurposes(audit);
  const told = h('div', { class: 'told', role: 'status' }, h('p', { class: 'quiet' }, say('hint')));
  const cell = (kind, name, text, explain) => {
    const show = () => told.replaceChildren(...explain());
    return h('td', { class: kind, tabindex: -1, 'aria-label': name, onfocus: show, onmouseenter: show }, text);
  };
  const rowOf = (field) => h('tr', { class: 'field' },
    h('th', { scope: 'row', title: field.description }, field.coordinate),
    purposes.map((each) => {
      const kind = kindOf(field, each);
      return cell(kind, `${field.coordinate}, ${title('purpose', each)}: ${say(kind)}`, MARKS[kind], () => explained(audit, field, each));
    }));
  const bodyOf = (category) => {
    const some = fields.filter((each) => each.category === category);
    const key = String(category);
    const body = h('tbody');
    const open = (wide) => {
      toggle.setAttribute('aria-expanded', String(wide));
      for (const each of [...body.querySelectorAll('.field')]) each.remove();
      if (wide) body.append(...some.map(rowOf));
    };
    const toggle = h('button', { type: 'button', class: 'opens', 'aria-expanded': 'false', onclick: () => {
      const wide = toggle.getAttribute('aria-expanded') === 'false';
      opened[wide ? 'add' : 'delete'](key);
      open(wide);
    } }, named(category), ' ', h('span', { class: 'quiet' }, String(some.length)));
    body.append(h('tr', { class: 'category' }, h('th', { scope: 'row' }, toggle), purposes.map((each) => {
      const kind = kindOfAll(some, each);
      const number = some.filter((field) => kindOf(field, each) !== 'never').length;
      const name = `${named(category)}, ${title('purpose', each)}: ${number ? `${say(kind)}, ${count(number)}` : say(kind)}`;
      return cell(kind, name, number ? [MARKS[kind], h('small', { 'aria-hidden': 'true' }, String(number))] : MARKS[kind],
        () => explainedCategory(audit, some, named(category), each));
    })));
    if (fields.length <= FEW || opened.has(key)) open(true);
    return body;
  };
  const head = h('thead', null,
    h('tr', { class: 'groups' }, h('td', null), groups.map((each) => h('th', { scope: 'colgroup', colspan: each.names.length }, say(each.key)))),
    h('tr', null, h('th', { scope: 'col' }, say('datum')),
      purposes.map((each) => h('th', { scope: 'col', class: 'purpose', title: each }, h('span', null, title('purpose', each))))));
  const columns = [h('colgroup', null), ...groups.map((each) => h('colgroup', { span: each.names.length, class: 'group' }))];
  const bodies = categoriesOf(fields).map(bodyOf);
  const table = h('table', { role: 'grid', 'aria-label': say('matrix'), onkeydown: walk }, columns, head, bodies);
  table.querySelector('tbody td')?.setAttribute('tabindex', 0);
  const all = h('button', { type: 'button', class: 'plain', id: 'open-all', onclick: () => {
    const closed = [...table.querySelectorAll('.opens[aria-expanded="false"]')];
    for (const each of closed.length ? closed : table.querySelectorAll('.opens')) each.click();
  } }, say('openAll'));
  return [h('p', { class: 'opening' }, all), h('div', { class: 'split' }, h('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': say('matrix') }, table), told)];
}

const STEPS = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };

// One cell is in the order of the tab key; arrows, Home and End move to the others.
function walk(event) {
  const from = event.target.closest('tbody td');
  if (!from) return;
  const table = from.closest('table');
  const rows = [...table.querySelectorAll('tbody tr')];
  const row = rows.indexOf(from.parentElement);
  const column = from.cellIndex;
  let to;
  if (event.key === 'Home') to = from.parentElement.cells[1];
  else if (event.key === 'End') to = from.parentElement.lastElementChild;
  else if (STEPS[event.key]) to = rows[row + STEPS[event.key][0]]?.cells[column + STEPS[event.key][1]];
  if (!to || to.tagName !== 'TD') return;
  event.preventDefault();
  for (const each of table.querySelectorAll('td[tabindex="0"]')) each.tabIndex = -1;
  to.tabIndex = 0;
  to.focus();
}

export function list(audit, fields) {
  const purposes = shownPurposes(audit);
  const one = (field) => {
    const details = h('details', null, h('summary', null,
      h('code', null, field.coordinate), ' ',
      h('span', { class: 'quiet' }, `${field.purposes.length}`)));
    details.addEventListener('toggle', () => details.append(...explainedField(audit, field, purposes)), { once: true });
    return h('li', null, details);
  };
  return categoriesOf(fields).map((category) => {
    const some = fields.filter((each) => each.category === category);
    const details = h('details', { class: 'fields', open: fields.length <= FEW }, h('summary', null, h('b', null, named(category)), ' ', h('span', { class: 'quiet' }, count(some.length))));
    details.append(h('ul', null, some.map(one)));
    return details;
  });
}

export const legend = () => h('p', { class: 'legend' }, Object.entries(MARKS)
  .map(([kind, mark]) => h('span', null, h('b', { class: kind, 'aria-hidden': 'true' }, mark), ' ', say(kind))));
