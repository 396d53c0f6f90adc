// The owner of a domain, who may be somebody else than the customer: changed at any time, one form open at once.

import { h } from '../../dom.js';
import { addressFields, changedAddress, formOf, grouped } from '../address.js';
import { change } from '../api.js';
import { announce, button, carry, field, form, hasDraft, select } from '../forms.js';
import { day, say } from '../words.js';

export async function owner(domain, again) {
  const place = h('div', { class: 'owner' });
  const leaves = domain.registrant.erasureRequestedAt;
  const closed = () => place.replaceChildren(h('button', { type: 'button', class: 'plain', onclick: opened },
    say('ownerChange'), h('span', { class: 'unseen' }, ` ${domain.unicodeName}`)));
  const opened = async () => {
    document.querySelector('form.owner')?.dispatchEvent(new Event('reset'));
    const shown = await fields(domain, again);
    shown.addEventListener('reset', () => { closed(); place.querySelector('button').focus(); });
    place.replaceChildren(shown);
    shown.elements.name.focus();
    return shown;
  };
  closed();
  if (hasDraft(idOf(domain))) await opened();
  return [leaves && h('p', { class: 'quiet' }, say('ownerLeaves', day(leaves))), place];
}

const idOf = (domain) => `owner-${domain.id}`;

async function fields(domain, again) {
  const known = domain.registrant;
  const [address, rules] = await Promise.all([addressFields(known.address, false), formOf(known.address?.country)]);
  const phone = grouped(known.phone, rules.telephone);
  const send = (sent) => carry(() => change('UpdateRegistrant', input(sent, domain, phone)), async () => { announce(say('saved')); await again(); }, sent);
  const shown = form(idOf(domain), send, h('fieldset', null, h('legend', null, say('owner', domain.unicodeName)),
    select('registrantKind', say('ownerKind'), ['NATURAL_PERSON', 'LEGAL_PERSON'].map((kind) => [kind, say(kind)]), known.kind),
    field('name', say('fullName'), { value: known.name ?? '', autocomplete: 'off', required: true }),
    address,
    field('email', say('email'), { value: known.email ?? '', inputmode: 'email', autocapitalize: 'none', spellcheck: 'false', autocomplete: 'off', hint: say('ownerTold') }),
    field('phone', say('PHONE'), { value: phone, type: 'tel', autocomplete: 'off', hint: say('ownerPhoneHint', rules.telephone ?? '+41 21 234 56 78') }),
    h('div', { class: 'acts' }, button(say('save')), h('button', { type: 'reset', class: 'plain' }, say('leave')))));
  shown.classList.add('owner');
  return shown;
}

// What is as it was is not sent: each detail that is counts as changed, and is told to other systems.
function input(sent, domain, phone) {
  const registrant = {};
  for (const [name, before] of Object.entries({ name: domain.registrant.name, email: domain.registrant.email, phone })) {
    const value = sent.elements[name].value.trim() || null;
    if (value !== (before ?? null)) registrant[name] = value;
  }
  const address = changedAddress(sent, domain.registrant.address);
  if (address) registrant.address = address;
  return { domainId: domain.id, ifVersion: domain.version, registrantKind: sent.elements.registrantKind.value, registrant };
}
