// Name, address, and every other field that the schema lets the customer edit: changed at any time; an edit made
// elsewhere meanwhile is not overwritten.

import { h } from '../../dom.js';
import { addressFields, changedAddress, formOf, grouped } from '../address.js';
import { ask, change } from '../api.js';
import { announce, button, carry, field, form, select } from '../forms.js';
import { day, envelope, fieldName, hour, say } from '../words.js';

export async function profile(again) {
  const { me } = await ask('Profile');
  const address = me.postalAddress ?? {};
  const [fields, rules] = await Promise.all([addressFields(address, true), formOf(address.country)]);
  const send = (sent) => carry(() => change('UpdateProfile', input(sent, me, rules)), async () => { announce(say('saved')); await again(); }, sent);
  const shown = form('profile-form', send,
    h('section', null, h('h2', null, say('nameAddress')), h('p', { class: 'quiet' }, say('usedName')),
      h('div', { class: 'row of-2' }, field('givenName', say('givenName'), { value: me.givenName ?? '', autocomplete: 'given-name' }),
        field('familyName', say('familyName'), { value: me.familyName ?? '', autocomplete: 'family-name' })),
      fields,
      h('h2', null, say('reach')),
      field('phone', say('phone'), { value: grouped(me.phone, rules.telephone), type: 'tel', autocomplete: 'tel', hint: say('phoneHint', rules.telephone ?? '+41 21 234 56 78') }),
      further(me).map((name) => field(name, fieldName(name), { value: me[name] ?? '' })),
      select('locale', say('locale'), languages(me.locale), me.locale),
      h('div', { class: 'acts end' }, button(say('save')))));
  shown.addEventListener('country', ({ detail }) => {
    if (detail.telephone) document.getElementById('phone-hint')?.replaceChildren(say('phoneHint', detail.telephone));
  });
  return [
    shown,
    h('div', { class: 'beside' },
      h('section', null, h('h2', null, say('yourAccount')), h('dl', { class: 'facts' },
        h('dt', null, say('number')), h('dd', null, me.customerNumber ?? ''),
        h('dt', null, say('since')), h('dd', null, day(me.createdAt)),
        h('dt', null, say('email')), h('dd', null, me.email ?? '', h('span', { class: 'quiet' }, say('usedEmail'))))),
      emailForm(),
      address.formatted && h('section', { class: 'envelope' }, h('h2', null, say('envelope')),
        h('address', null, [[me.givenName, me.familyName].filter(Boolean).join(' '), ...envelope(address)].map((line) => h('span', null, line)))),
      history(me.changes.nodes)),
  ];
}

// What the document asks for beside what has a place of its own on this page.
const SHOWN = ['version', 'givenName', 'familyName', 'email', 'customerNumber', 'createdAt', 'updatedAt', 'phone', 'locale', 'changes', 'postalAddress'];
const further = (me) => Object.keys(me).filter((name) => !SHOWN.includes(name));

function emailForm() {
  const send = (sent) => carry(() => change('RequestEmailChange', { email: sent.elements.email.value.trim() }), () => { announce(say('emailSent')); sent.reset(); }, sent);
  return form('email-form', send, h('section', null, h('h2', null, say('emailChange')),
    field('email', say('emailNew'), { inputmode: 'email', autocapitalize: 'none', spellcheck: 'false', autocomplete: 'email', hint: say('emailHint') }),
    h('div', { class: 'acts end' }, button(say('emailSend'), { class: 'plain' }))));
}

const history = (changes) => changes.length > 0 && h('section', null, h('h2', null, say('history')), h('ul', { class: 'rows' },
  changes.map((each) => h('li', null, h('span', null, each.fields.map(fieldName).join(', '), h('span', { class: 'quiet' }, each.client)), h('span', { class: 'quiet' }, hour(each.at))))));

function languages(own) {
  const tags = [...new Set([own, 'en', 'fr', 'de', 'it'].filter(Boolean))];
  const names = new Intl.DisplayNames([document.documentElement.lang], { type: 'language' });
  return tags.map((tag) => [tag, names.of(tag)]);
}

// What is as it was is not sent: each field that is counts as a statement of the customer.
function input(sent, me, rules) {
  const given = { ifVersion: me.version };
  const before = { ...me, phone: grouped(me.phone, rules.telephone) };
  for (const name of ['givenName', 'familyName', 'phone', 'locale', ...further(me)]) {
    const value = sent.elements[name].value.trim();
    if (value !== (before[name] ?? '')) given[name] = value || null;
  }
  const address = changedAddress(sent, me.postalAddress);
  if (address) given.postalAddress = address;
  return given;
}
