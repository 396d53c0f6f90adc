// Name, address, and every other field that the schema lets the customer edit: changed at any time; an edit made
// elsewhere meanwhile is not overwritten.

import { h } from '../../dom.js';
import { ask, change } from '../api.js';
import { addressFields, announce, button, carry, changedAddress, field, form, restore, select } from '../forms.js';
import { remembered } from '../oauth.js';
import { day, fieldName, hour, say } from '../words.js';

export async function profile(again) {
  const { me } = await ask('Profile');
  const address = me.postalAddress ?? {};
  const send = (sent) => carry(() => change('UpdateProfile', input(sent, me)), async () => { announce(say('saved')); await again(); }, sent);
  const shown = form('profile-form', send,
    h('fieldset', null, h('legend', null, say('nameAddress')), h('p', { class: 'quiet' }, say('usedName')),
      field('givenName', say('givenName'), { value: me.givenName ?? '', autocomplete: 'given-name' }),
      field('familyName', say('familyName'), { value: me.familyName ?? '', autocomplete: 'family-name' }),
      addressFields(address, true)),
    field('phone', say('phone'), { value: me.phone ?? '', type: 'tel', autocomplete: 'tel', hint: say('phoneHint') }),
    further(me).map((name) => field(name, fieldName(name), { value: me[name] ?? '' })),
    select('locale', say('locale'), languages(me.locale), me.locale),
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
      h('address', null, [[me.givenName, me.familyName].filter(Boolean).join(' '), ...address.formatted].map((line) => h('span', null, line)))),
  ];
}

// What the document asks for beside what has a place of its own on this page.
const SHOWN = ['version', 'givenName', 'familyName', 'email', 'customerNumber', 'createdAt', 'updatedAt', 'phone', 'locale', 'changes', 'postalAddress'];
const further = (me) => Object.keys(me).filter((name) => !SHOWN.includes(name));

function emailForm() {
  const shown = form('email-form', (sent) => carry(() => change('RequestEmailChange', { email: sent.elements.email.value.trim() }), () => { announce(say('emailSent')); sent.reset(); }, sent),
    h('fieldset', null, h('legend', null, say('emailChange')), field('email', say('emailNew'), { inputmode: 'email', autocapitalize: 'none', spellcheck: 'false', autocomplete: 'email', hint: say('emailHint') }), button(say('emailSend'))));
  restore(shown, remembered().form);
  return shown;
}

const history = (changes) => changes.length > 0 && h('section', null, h('h3', null, say('history')), h('ul', { class: 'rows' },
  changes.map((each) => h('li', null, h('span', null, each.fields.map(fieldName).join(', '), h('span', { class: 'quiet' }, each.client)), h('span', null, hour(each.at))))));

function languages(own) {
  const tags = [...new Set([own, 'en', 'fr', 'de', 'it'].filter(Boolean))];
  const names = new Intl.DisplayNames([document.documentElement.lang], { type: 'language' });
  return tags.map((tag) => [tag, names.of(tag)]);
}

// What is as it was is not sent: each field that is counts as a statement of the customer.
function input(sent, me) {
  const given = { ifVersion: me.version };
  for (const name of ['givenName', 'familyName', 'phone', 'locale', ...further(me)]) {
    const value = sent.elements[name].value.trim();
    if (value !== (me[name] ?? '')) given[name] = value || null;
  }
  const address = changedAddress(sent, me.postalAddress);
  if (address) given.postalAddress = address;
  return given;
}
