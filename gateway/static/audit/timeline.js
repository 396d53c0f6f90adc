// Erasures: how they stand in figures, and what is due, month by month.

import { h } from '../dom.js';
import { exported } from './csv.js';
import { day, month } from './dates.js';
import { say } from './words.js';

const figure = (name, value, tone) => h('div', { class: `figure ${tone}` }, h('dt', null, name), h('dd', null, String(value)));

function monthsOf(due) {
  const months = new Map();
  for (const each of due) {
    const key = each.day.slice(0, 7);
    if (!months.has(key)) months.set(key, []);
    months.get(key).push(each);
  }
  return [...months].map(([key, days]) => ({ key, days, cases: days.reduce((all, each) => all + each.cases, 0), overdue: days.some((each) => each.overdue) }));
}

function line(each, most) {
  return h('li', { class: each.overdue ? 'bad' : '' }, h('details', null,
    h('summary', null, h('span', { class: 'month' }, month(`${each.key}-01`)),
      h('meter', { min: 0, max: most, value: each.cases, 'aria-hidden': 'true' }), h('span', null, say('casesDue', each.cases))),
    h('ul', null, each.days.map((one) => h('li', null, day(one.day), `: ${say('casesDue', one.cases)}`, one.overdue ? h('strong', null, ` · ${say('overdue')}`) : null)))));
}

export function timeline(audit) {
  const { erasures } = audit;
  const done = erasures.states.find((each) => each.state === 'ERASED')?.cases ?? 0;
  const months = monthsOf(erasures.due);
  const most = Math.max(...months.map((each) => each.cases));
  return h('section', { class: 'due' }, h('h3', null, say('erasures'), ' ', exported(audit, 'erasures', say('erasures'))),
    h('dl', { class: 'figures' },
      figure(say('overdue'), erasures.overdue, erasures.overdue ? 'bad' : 'good'),
      figure(say('week'), erasures.dueWithinAWeek, erasures.dueWithinAWeek ? 'care' : ''),
      figure(say('late'), erasures.late, erasures.late ? 'bad' : ''),
      figure(say('done'), done, '')),
    months.length ? h('ol', { class: 'timeline' }, months.map((each) => line(each, most))) : h('p', null, say('noneDue')));
}
