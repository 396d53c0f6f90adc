// Services, and what the whois shows of each domain: a switch only where the registry leaves it to the customer.

import { h } from '../../dom.js';
import { formOf, grouped } from '../address.js';
import { ask, change } from '../api.js';
import { sure } from '../dialogs.js';
import { announce, carry } from '../forms.js';
import { icon } from '../icons.js';
import { paged } from '../lists.js';
import { day, envelope, say } from '../words.js';
import { owner } from './owner.js';

const PARTS = ['name', 'address', 'email', 'phone'];
const title = (part) => part[0].toUpperCase() + part.slice(1);

export async function services(again) {
  const policies = new Map();
  const policy = ({ tld, registrant: { kind } }) => {
    const key = `${tld} ${kind}`;
    if (!policies.has(key)) policies.set(key, ask('RegistryPolicy', { tld, kind }).then((found) => found.registryPolicy));
    return policies.get(key);
  };
  const [running, names] = await Promise.all([
    paged((after) => ask('Services', { after }).then(({ me }) => me.services), (each) => service(each, again), say('noServices')),
    paged((after) => ask('Domains', { after }).then(({ me }) => me.domains), async (each) => domain(each, await policy(each), again), say('noDomains'), h('div', { class: 'cards' })),
  ]);
  return [
    h('section', { class: 'wide' }, h('h2', null, say('yourServices')), running),
    h('div', { class: 'wide' }, h('h2', null, say('domains')), names),
  ];
}

const service = (each, again) => h('li', null, icon(each.kind === 'DOMAIN' ? 'domain' : 'services'), h('span', { class: 'grow' }, each.name, h('span', { class: 'quiet' }, say(each.kind))), h('span', { class: each.terminatedAt ? 'quiet' : '' }, when(each)),
  !each.terminatedAt && h('span', { class: 'acts' }, h('button', { type: 'button', class: 'plain', 'data-act': 'end', onclick: () => end(each, again) }, say('endService'), h('span', { class: 'unseen' }, ` ${each.name}`))));

// What follows is asked of the gateway first, and said before anything ends.
async function end(each, again) {
  await carry(() => change('CancelService', { serviceId: each.id, preview: true }), async (told) => {
    const follows = [say('endsNow', each.name), told.endsDomain && say('endsDomain'), told.lastService && say('endsLast', day(told.erasedBy))];
    if (!await sure(say('cancelSure', each.name), follows.filter(Boolean).join(' '), say('endService'))) return;
    await carry(() => change('CancelService', { serviceId: each.id }), async () => { announce(say('serviceEnded')); await again(); });
  });
}

function when(each) {
  if (each.terminatedAt) return say('ended', day(each.terminatedAt));
  return each.renewsAt ? say('renews', day(each.renewsAt)) : say(each.state);
}

async function domain(each, policy, again) {
  const { name, address, email, phone } = each.registrant;
  const value = {
    name, address: envelope(address).join(', '), email, phone: grouped(phone, (await formOf(address?.country)).telephone),
  };
  return h('section', { class: 'domain', 'aria-label': each.unicodeName }, h('h3', null, each.unicodeName), PARTS.map((part) => {
    const rule = policy?.rules.find((one) => one.field === part.toUpperCase());
    return h('div', { class: 'whois' }, h('span', { class: 'quiet' }, say(part.toUpperCase())), h('span', null, value[part] ?? '—'), toggle(each, part, rule, policy, again));
  }), await owner(each, again));
}

function toggle(each, part, rule, policy, again) {
  if (!rule?.free) return h('span', { class: 'quiet' }, say(rule?.rule ?? 'NEVER', policy?.registry ?? `.${each.tld}`));
  const name = `hide${title(part)}`;
  const id = `${each.id}-${part}`;
  const flip = (event) => carry(() => change('SetWhoisVisibility', { domainId: each.id, [name]: event.target.checked }), async () => { announce(say('saved')); await again(); });
  return h('span', { class: 'tick' }, h('input', { id, type: 'checkbox', checked: each[name], onchange: flip }),
    h('label', { for: id }, say('hide', say(part.toUpperCase())), h('span', { class: 'unseen' }, ` ${each.unicodeName}`)));
}
