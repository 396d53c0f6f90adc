// The picture: one datum, from its category through the purposes to who else may receive it; or all of them.

import { h, s } from '../dom.js';
import { categoriesOf, shownPurposes } from './facts.js';
import { count, say, sentence, title } from './words.js';

// How high one field is: small pictures are drawn large, large ones small.
const unitFor = (links) => Math.min(8, Math.max(1.7, 420 / links.reduce((all, each) => all + each.weight, 0)));
const GAP = 8;
const LEAST = 18;
const WIDTH = 1000;
const BOX = 12;
const KINDS = ['DataCategory', 'Purpose', 'Recipient'];
const TITLES = ['category', 'purpose', 'recipient'];
const OWN = 'SELF_SERVICE';

// What is followed: a category, or '' for all; and whether the person's own pages are drawn, which show everything.
const choice = { datum: null, own: false };

const worded = (name) => title(TITLES[Number(name[0])], name.slice(2));

function linksOf(audit, fields) {
  const weights = new Map();
  const add = (from, to) => weights.set(`${from}>${to}`, (weights.get(`${from}>${to}`) ?? 0) + 1);
  const purposes = new Set(shownPurposes(audit).filter((name) => choice.own || name !== OWN));
  for (const field of fields) {
    for (const use of field.purposes) {
      if (field.category && purposes.has(use.name)) add(`0 ${field.category}`, `1 ${use.name}`);
    }
  }
  for (const each of audit.notice.sharing) {
    for (const purpose of each.purposes) {
      if (!purposes.has(purpose)) continue;
      const passed = fields.filter((field) => field.category && field.disclosedTo.includes(each.recipient)
        && field.purposes.some((use) => use.name === purpose));
      for (const _ of passed) add(`1 ${purpose}`, `2 ${each.recipient}`);
    }
  }
  return [...weights].map(([key, weight]) => ({ from: key.split('>')[0], to: key.split('>')[1], weight }));
}

// Each column in the order of the middle of what it is joined to (barycentre), which leaves few crossings.
function orderOf(audit, links) {
  const columns = [categoriesOf(audit.matrix.fields).map((each) => `0 ${each}`), shownPurposes(audit).map((each) => `1 ${each}`),
    audit.notice.sharing.map((each) => `2 ${each.recipient}`)]
    .map((names) => names.filter((name) => links.some((each) => each.from === name || each.to === name)));
  const middle = (name, beside) => {
    const places = links.flatMap((each) => (each.from === name ? [[each.to, each.weight]] : each.to === name ? [[each.from, each.weight]] : []))
      .filter(([other]) => beside.includes(other)).flatMap(([other, weight]) => Array(weight).fill(beside.indexOf(other)));
    return places.length ? places.reduce((all, each) => all + each, 0) / places.length : beside.length;
  };
  for (let round = 0; round < 4; round += 1) {
    for (const [column, beside] of [[1, 0], [2, 1], [1, 2], [0, 1]]) {
      const places = new Map(columns[column].map((name) => [name, middle(name, columns[beside])]));
      columns[column].sort((one, other) => places.get(one) - places.get(other));
    }
  }
  return columns;
}

// Each box is as high as the broader of what comes in and what goes out.
function boxesOf(columns, links, unit) {
  const boxes = new Map();
  const sum = (name, side) => links.filter((each) => each[side] === name).reduce((all, each) => all + each.weight, 0);
  const heights = [0, 0, 0];
  for (const column of [0, 1, 2]) {
    for (const name of columns[column]) {
      const height = Math.max(LEAST, unit * Math.max(sum(name, 'from'), sum(name, 'to')));
      boxes.set(name, { name, column, y: heights[column], height, out: 0, in: 0 });
      heights[column] += height + GAP;
    }
  }
  const highest = Math.max(...heights);
  for (const box of boxes.values()) box.y += (highest - heights[box.column]) / 2;
  return { boxes, height: highest };
}

const LEFT = [220, 480, 780];

function curve(link, boxes, unit) {
  const [from, to] = [boxes.get(link.from), boxes.get(link.to)];
  const width = unit * link.weight;
  const [y1, y2] = [from.y + from.out + width / 2, to.y + to.in + width / 2];
  from.out += width;
  to.in += width;
  const [x1, x2] = [LEFT[from.column] + BOX, LEFT[to.column]];
  const middle = (x1 + x2) / 2;
  return s('path', {
    class: `link from${from.column}`, d: `M${x1},${y1} C${middle},${y1} ${middle},${y2} ${x2},${y2}`,
    'stroke-width': width, 'data-from': link.from, 'data-to': link.to,
  });
}

function node(box, links, follow) {
  const name = box.name.slice(2);
  const outside = box.column === 0;
  const about = links.filter((each) => each.from === box.name || each.to === box.name);
  const told = `${worded(box.name)}: ${sentence(KINDS[box.column], name)} (${about.length})`;
  const act = (event) => {
    if (event.type === 'keydown' && event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    follow(box.name);
  };
  return s('g', {
    class: `node at${box.column}`, role: 'button', tabindex: 0, 'aria-label': told, 'aria-pressed': 'false',
    'data-name': box.name, onclick: act, onkeydown: act,
  },
  s('title', null, told),
  s('rect', { x: LEFT[box.column], y: box.y, width: BOX, height: box.height, rx: 3 }),
  s('text', {
    x: outside ? LEFT[0] - 8 : LEFT[box.column] + BOX + 8, y: box.y + box.height / 2,
    'text-anchor': outside ? 'end' : 'start', 'dominant-baseline': 'central',
  }, worded(box.name)));
}

// What to follow: one datum at first, since all at once are a tangle.
function chooser(audit, fields, redraw) {
  const names = categoriesOf(fields).filter(Boolean);
  if (choice.datum === null || (choice.datum && !names.includes(choice.datum))) choice.datum = names.includes('EMAIL') ? 'EMAIL' : names[0] ?? '';
  return h('div', { class: 'filters' },
    h('label', null, say('follow'), h('select', { id: 'follow', onchange: (event) => { choice.datum = event.target.value; redraw(); } },
      names.map((each) => h('option', { value: each, selected: each === choice.datum }, title('category', each))),
      h('option', { value: '', selected: choice.datum === '' }, say('everything')))),
    h('label', { class: 'tick' }, h('input', { id: 'own', type: 'checkbox', checked: choice.own, onchange: (event) => { choice.own = event.target.checked; redraw(); } }), say('withOwn')));
}

export function flow(audit, fields, redraw) {
  const choosing = chooser(audit, fields, redraw);
  const followed = choice.datum ? fields.filter((each) => each.category === choice.datum) : fields;
  const links = linksOf(audit, followed);
  if (!links.length) return [choosing, h('p', null, say(choice.own ? 'none' : 'onlyOwn'))];
  return [choosing, h('p', { class: 'quiet' }, say('flowHint')), ...drawn(audit, links)];
}

function drawn(audit, links) {
  const unit = unitFor(links);
  const { boxes, height } = boxesOf(orderOf(audit, links), links, unit);
  const order = [...boxes.keys()];
  links.sort((one, other) => order.indexOf(one.from) - order.indexOf(other.from)
    || order.indexOf(one.to) - order.indexOf(other.to));
  const picture = s('svg', { viewBox: `0 -4 ${WIDTH} ${height + 8}`, role: 'group', 'aria-label': say('flow') });
  let followed = '';
  const follow = (name) => {
    followed = followed === name ? '' : name;
    picture.classList.toggle('following', followed !== '');
    const near = (each) => reaches(links, followed, each.dataset.from, each.dataset.to);
    const lit = new Set([followed]);
    for (const path of picture.querySelectorAll('.link')) {
      path.classList.toggle('lit', near(path));
      if (near(path)) lit.add(path.dataset.from).add(path.dataset.to);
    }
    for (const each of picture.querySelectorAll('.node')) {
      each.classList.toggle('lit', lit.has(each.dataset.name));
      each.setAttribute('aria-pressed', String(each.dataset.name === followed));
    }
  };
  picture.append(...links.map((each) => curve(each, boxes, unit)), ...[...boxes.values()].map((box) => node(box, links, follow)));
  return [h('div', { class: 'scroll flow', tabindex: 0, role: 'group', 'aria-label': say('flowHint') }, picture), table(links)];
}

// A link is lit when it touches the box that is followed, or goes on from what it leads to.
function reaches(links, name, from, to) {
  if (!name) return false;
  if (from === name || to === name) return true;
  return name.startsWith('0') ? links.some((each) => each.from === name && each.to === from)
    : name.startsWith('2') && links.some((each) => each.to === name && each.from === to);
}

function table(links) {
  const rows = links.map((each) => h('tr', null,
    h('td', null, worded(each.from)), h('td', null, worded(each.to)), h('td', null, count(each.weight))));
  return h('details', { class: 'astable' }, h('summary', null, say('flowTable')), h('table', null, h('tbody', null, rows)));
}
