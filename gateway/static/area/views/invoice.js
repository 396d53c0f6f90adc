// An invoice: a line in the list, its particulars on demand, and a sheet of its own when it is printed.

import { h } from '../../dom.js';
import { current, day, envelope, say } from '../words.js';

// As many digits as the amount is written with: what is usual in a language (no cents of HUF) would round it. A text, since
// a number has no more than 15 digits.
const money = ({ amount, currency }) => {
  const digits = amount.split('.')[1]?.length ?? 0;
  return new Intl.NumberFormat(current(), { style: 'currency', currency, minimumFractionDigits: digits, maximumFractionDigits: digits }).format(amount);
};

const BADGES = { PAID: 'on', OPEN: 'warn', CANCELLED: '' };
const WORDS = { PAID: 'paid', OPEN: 'open', CANCELLED: 'cancelled' };

export const invoice = (each) => h('li', null, h('details', null,
  h('summary', null, h('span', null, each.number, h('span', { class: 'quiet' }, day(each.issuedAt))),
    h('span', { class: 'sum' }, each.amount ? money(each.amount) : '–', ' ', h('span', { class: `badge ${BADGES[each.state]}` }, say(WORDS[each.state])))),
  sheet(each), h('p', { class: 'acts end' }, h('button', { type: 'button', class: 'plain', 'data-act': 'print', onclick: () => print(each) }, say('print'),
    h('span', { class: 'unseen' }, ` ${each.number}`)))));

const sheet = (each) => h('div', { class: 'sheet' },
  h('dl', { class: 'facts' }, fact('issued', day(each.issuedAt)), each.dueAt && fact('dueBy', day(each.dueAt)), each.paidAt && fact('paidOn', day(each.paidAt))),
  each.billedName && h('p', { class: 'address' }, [each.billedName, ...envelope(each.billedAddress)].map((line) => h('span', null, line))),
  h('table', null, each.lines?.length ? h('tbody', null, each.lines.map(line)) : null, h('tfoot', null,
    each.tax && h('tr', null, h('th', { scope: 'row', colspan: 2 }, say('taxWithin')), h('td', null, money(each.tax))),
    each.amount && h('tr', null, h('th', { scope: 'row', colspan: 2 }, say('total')), h('td', null, money(each.amount))))));

const fact = (name, value) => [h('dt', null, say(name)), h('dd', null, value)];
const line = (each) => h('tr', null, h('td', null, each.description), h('td', { class: 'quiet' }, each.quantity === '1' ? '' : `× ${each.quantity}`), h('td', null, money(each.amount)));

// The sheet stands alone on the paper: the page behind it is not printed.
function print(each) {
  const paper = h('article', { class: 'paper' }, h('header', null, document.body.dataset.site), h('h1', null, say('invoiceNo', each.number)),
    h('p', null, say(WORDS[each.state])), sheet(each));
  document.body.append(paper);
  document.body.classList.add('printing');
  addEventListener('afterprint', () => { paper.remove(); document.body.classList.remove('printing'); }, { once: true });
  window.print();
}
