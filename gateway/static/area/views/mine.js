// Taking one's data along, and having all of it erased.

import { h } from '../../dom.js';
import { at } from '../../root.js';
import { ask, change, save } from '../api.js';
import { announce, button, carry, form, tick } from '../forms.js';
import { current, day, hour, say } from '../words.js';

const STANDING_WHILE_SERVICES = ['ARMED', 'BLOCKED', 'REFUSED'];
const ERASED_NOW = { 'Customer.cards': 'goneCards', 'Customer.productNews': 'goneNews', 'Customer.cookieChoice': 'goneMeasuring', 'Customer.phone': 'gonePhone' };
const STANDING = ['ARMED', 'BLOCKED', 'SCHEDULED', 'HELD', 'ERASING'];

export async function mine(again) {
  const { me } = await ask('Data');
  return [exporting(me, again), erasing(me, again)];
}

function exporting(me, again) {
  const done = async () => { announce(say('done')); await again(); };
  if (me.exports.nodes.some((each) => !each.readyAt)) setTimeout(() => { if (location.hash === '#mine') again(); }, 2000);
  const bar = h('progress', { max: 1, value: 0, hidden: true, 'aria-label': say('exportTitle') });
  const fetchIt = (each, form, media, name) => () => carry(async () => {
    bar.hidden = false;
    await save(`/exports/${each.id}?form=${form}`, media, name, (share) => { bar.value = share; });
  }, () => announce(say('exportSaved'))).finally(() => { bar.hidden = true; });
  const ways = [['exportRead', 'html', 'text/html', 'my-data.html'], ['exportCarry', 'portable', 'application/json', 'my-data-portable.json'], ['exportUse', 'json', 'application/json', 'my-data.json']];
  const ready = (each) => [
    ways.map(([label, form, media, name]) => h('button', { type: 'button', class: 'plain', 'data-form': form, onclick: fetchIt(each, form, media, name) }, say(label))),
    h('span', { class: 'quiet' }, say('until', hour(each.expiresAt))),
  ];
  return h('section', null, h('h2', null, say('exportTitle')), h('p', null, say('exportWhy')),
    h('ul', { class: 'rows' }, me.exports.nodes.map((each) => h('li', null, h('span', null, hour(each.requestedAt)),
      each.readyAt ? h('span', { class: 'acts' }, ready(each)) : h('span', { class: 'acts' }, h('progress', { 'aria-label': say('preparing') }), say('preparing'))))),
    bar,
    h('p', { class: 'acts' }, h('button', { type: 'button', id: 'export', onclick: () => carry(() => change('RequestExport', { language: current() }), done) }, say('exportAsk'))));
}

function state(each) {
  return each.state === 'SCHEDULED' ? say('SCHEDULED', day(each.notBefore), day(each.dueAt)) : say(each.state);
}

// What a request erased at once, what stays and why, and what can be done about it (GDPR Art. 12(4)).
function told(erasedNow, stays) {
  const gone = (erasedNow ?? []).map((each) => (ERASED_NOW[each] ? say(ERASED_NOW[each]) : each));
  const rest = stays ?? [];
  return [
    gone.length > 0 && [h('h3', null, say('erasedNow')), h('ul', { class: 'gone' }, gone.map((each) => h('li', null, each)))],
    rest.length > 0 && [h('h3', null, say('staysWhy')), h('ul', { class: 'stays' }, rest.map((each) => h('li', null, each)))],
  ];
}

// The newest request says it as long as services run, also after a reload.
function lastTold(me) {
  const newest = [...me.erasures.nodes].filter((each) => each.cause === 'REQUEST').sort((a, b) => a.requestedAt.localeCompare(b.requestedAt)).at(-1);
  if (!newest) return [];
  return told(newest.erasedNow, STANDING_WHILE_SERVICES.includes(newest.state) ? [say('stays1'), say('stays2'), say('stays3')] : []);
}

function erasing(me, again) {
  const running = me.services.nodes;
  const standing = me.erasures.nodes.find((each) => STANDING.includes(each.state));
  const receipt = h('p', { id: 'receipt' });
  const asked = async (payload) => {
    await again();
    announce(say('done'));
    document.getElementById('told').replaceChildren(...told(payload.erasure.erasedNow, payload.stays).filter(Boolean).flat());
    document.getElementById('receipt').replaceChildren(say('receipt'), ' ', h('a', { href: `/erasures/${payload.receipt}?lang=${current()}` }, `${location.origin}${at(`/erasures/${payload.receipt}`)}`));
  };
  const send = (sent) => {
    if (!sent.elements.sure.checked) { announce(say('eraseSure'), 'bad'); sent.elements.sure.setAttribute('aria-invalid', 'true'); sent.elements.sure.focus(); return; }
    carry(() => change('RequestErasure', { whenServicesEnd: running.length > 0 }), asked, sent);
  };
  const off = () => carry(() => change('CancelErasure', { erasureId: standing.id }), async () => { announce(say('done')); await again(); });
  return h('section', null, h('h2', null, say('erasureTitle')), h('p', null, say('erasureWhy')),
    !standing && h('ol', { class: 'steps', id: 'steps' }, ['step1', running.length ? 'step2Later' : 'step2', 'step3', 'step4'].map((each) => h('li', null, say(each)))),
    running.length > 0 && [h('p', null, say('blocked')), h('ul', { id: 'blocked' }, running.map((each) => h('li', null, each.name, each.renewsAt ? ` · ${say('renews', day(each.renewsAt))}` : '')))],
    h('ul', { class: 'rows' }, me.erasures.nodes.map((each) => h('li', null, h('span', null, day(each.requestedAt) || '—'), h('span', null, state(each),
      each === standing && each.cause === 'REQUEST' && each.state !== 'ERASING' && [' ', h('button', { type: 'button', id: 'cancel', class: 'plain', onclick: off }, say('cancel'))])))),
    h('div', { id: 'told', class: 'told', role: 'group', 'aria-label': say('erasureTitle') }, lastTold(me)),
    receipt,
    (!standing || standing.cause !== 'REQUEST') && form('erasure-form', send, tick('sure', say('eraseSure'), { 'data-consent': '' }), button(running.length ? say('eraseLater') : say('eraseNow'), { class: 'danger' })));
}
