// Services, and what the whois shows of each domain: a switch only where the registry leaves it to the customer.

import { h } from '../../dom.js';
import { ask, change } from '../api.js';
import { announce, carry } from '../forms.js';
import { paged } from '../lists.js';
import { day, say } from '../words.js';
import { owner } from './owner.js';

const PARTS = ['name', 'address', 'email', 'phone'];
const title = (part) => part[0].toUpperCase() + part.slice(1);

export async function services(again) {
  const policies = new Map();
  const policy = ({ tld, registrantKind: kind }) => {
    const key = `${tld} ${kind}`;
    if (!policies.has(key)) policies.set(key, ask('RegistryPolicy', { tld, kind }).then((found) => found.registryPolicy));
    return policies.get(key);
  };
  const [running, names] = await Promise.all([
    paged((after) => ask('Services', { after }).then(({ me }) => me.services), service, say('none')),
    paged((after) => ask('Domains', { after }).then(({ me }) => me.domains), async (each) => domain(each, await policy(each), again), say('noDomains'), h('div', null)),
  ]);
  return [
    h('section', null, h('h3', null, say('yourServices')), running),
    h('section', null, h('h3', null, say('domains')), names),
  ];
}

const service = (each) => h('li', null, h('span', null, each.name, ' ', h('em', null, say(each.kind))), h('span', null, when(each)));

function when(each) {
  if (each.terminatedAt) return say('ended', day(each.terminatedAt));
  return each.renewsAt ? say('renews', day(each.renewsAt)) : say(each.state);
}

function domain(each, policy, again) {
  const value = {
    name: each.registrantName, address: each.registrantAddress?.formatted?.join(', '), email: each.registrantEmail, phone: each.registrantPhone,
  };
  return h('fieldset', { class: 'domain' }, h('legend', null, each.unicodeName), PARTS.map((part) => {
    const rule = policy?.rules.find((one) => one.field === part.toUpperCase());
    return h('div', { class: 'whois' }, h('span', { class: 'quiet' }, say(part.toUpperCase())), h('span', null, value[part] ?? '—'), toggle(each, part, rule, policy, again));
  }), owner(each, again));
}

function toggle(each, part, rule, policy, again) {
  if (!rule?.free) return h('span', { class: 'quiet' }, say(rule?.rule ?? 'NEVER', policy?.registry ?? `.${each.tld}`));
  const name = `hide${title(part)}`;
  const id = `${each.id}-${part}`;
  const flip = (event) => carry(() => change('SetWhoisVisibility', { domainId: each.id, [name]: event.target.checked }), async () => { announce(say('saved')); await again(); });
  return h('span', { class: 'tick' }, h('input', { id, type: 'checkbox', checked: each[name], onchange: flip }),
    h('label', { for: id }, say('hide', say(part.toUpperCase())), h('span', { class: 'unseen' }, ` ${each.unicodeName}`)));
}
