// Name, address, phone, language: changed at any time; an edit made elsewhere meanwhile is not overwritten.

import { h } from '../../dom.js';
import { ask, change } from '../api.js';
import { announce, button, carry, field, form, restore } from '../forms.js';
import { remembered } from '../oauth.js';
import { day, hour, say } from '../words.js';

const ADDRESS = ['street', 'street2', 'postalCode', 'city', 'region', 'country'];

export async function profile(again) {
  const { me } = await ask('Profile');
  const address = me.postalAddress ?? {};
  const send = (sent) => carry(() => change('UpdateProfile', input(sent, me)), async () => { announce(say('saved')); await again(); }, sent);
  const shown = form('profile-form', send,
    h('fieldset', null, h('legend', null, say('nameAddress')), h('p', { class: 'quiet' }, say('usedName')),
      field('givenName', say('givenName'), { value: me.givenName ?? '', autocomplete: 'given-name', required: true }),
      field('familyName', say('familyName'), { value: me.familyName ?? '', autocomplete: 'family-name', required: true }),
      ADDRESS.map((part) => field(part, say(part), { value: address[part] ?? '', autocomplete: AUTOCOMPLETE[part], maxlength: part === 'country' ? 2 : 200 }))),
    field('phone', say('phone'), { value: me.phone ?? '', type: 'tel', autocomplete: 'tel', hint: say('phoneHint') }),
    h('div', { class: 'field' }, h('label', { for: 'locale' }, say('locale')),
      h('select', { id: 'locale', name: 'locale', 'aria-describedby': 'locale-error' }, languages(me.locale).map(([tag, name]) => h('option', { value: tag, selected: tag === me.locale }, name))),
      h('p', { id: 'locale-error', class: 'wrong' })),
    button(say('save')));
  restore(shown, remembered().form);
  return [
    h('dl', { class: 'facts' },
      h('dt', null, say('number')), h('dd', null, me.customerNumber ?? ''),
      h('dt', null, say('since')), h('dd', null, day(me.createdAt)),
      h('dt', null, say('email')), h('dd', null, me.email ?? '', h('span', { class: 'quiet' }, say('usedEmail')))),
    shown,
    emailForm(),
    history(me.changes.nodes),
    address.formatted && h('section', { class: 'envelope' }, h('h3', null, say('envelope')),
      h('address', null, [`${me.givenName} ${me.familyName}`, ...address.formatted].map((line) => h('span', null, line)))),
  ];
}

function emailForm() {
  const shown = form('email-form', (sent) => carry(() => change('RequestEmailChange', { email: sent.elements.email.value.trim() }), () => { announce(say('emailSent')); sent.reset(); }, sent),
    h('fieldset', null, h('legend', null, say('emailChange')), field('email', say('emailNew'), { type: 'email', autocomplete: 'email', hint: say('emailHint') }), button(say('emailSend'))));
  restore(shown, remembered().form);
  return shown;
}

const history = (changes) => changes.length > 0 && h('section', null, h('h3', null, say('history')), h('ul', { class: 'rows' },
  changes.map((each) => h('li', null, h('span', null, each.fields.join(', '), h('span', { class: 'quiet' }, each.client)), h('span', null, hour(each.at))))));

const AUTOCOMPLETE = {
  street: 'address-line1', street2: 'address-line2', postalCode: 'postal-code', city: 'address-level2', region: 'address-level1', country: 'country',
};

function languages(own) {
  const tags = [...new Set([own, 'en', 'fr', 'de', 'it'].filter(Boolean))];
  const names = new Intl.DisplayNames([document.documentElement.lang], { type: 'language' });
  return tags.map((tag) => [tag, names.of(tag)]);
}

function input(sent, me) {
  const value = (name) => sent.elements[name].value.trim();
  const given = { ifVersion: me.version, givenName: value('givenName'), familyName: value('familyName'), phone: value('phone') || null, locale: value('locale') };
  const address = Object.fromEntries(ADDRESS.map((part) => [part, value(part) || null]));
  const before = me.postalAddress ?? {};
  if (ADDRESS.some((part) => (address[part] ?? null) !== (before[part] ?? null))) given.postalAddress = address;
  if (given.phone === me.phone) delete given.phone;
  return given;
}
