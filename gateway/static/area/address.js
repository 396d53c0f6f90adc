// A postal address as its country writes it: the country by name, then its parts in its order and by its words.

import { h } from '../dom.js';
import { field, select } from './forms.js';
import { reach } from './oauth.js';
import { current, say } from './words.js';

// The parts of an address, filled in by the browser when it is one's `own`.
const PARTS = { street: 'address-line1', street2: 'address-line2', postalCode: 'postal-code', city: 'address-level2', region: 'address-level1', country: 'country' };
const ANY = { rows: [['street'], ['street2'], ['postalCode', 'city'], ['region']], required: [], unusual: [], labels: {}, regions: [], postalCode: null, telephone: null };

const known = new Map();

async function facts(path) {
  const key = `${path}?lang=${encodeURIComponent(current())}`;
  if (!known.has(key)) {
    const found = await reach(key, { cache: 'default' });
    if (!found.ok) throw new Error(path);
    known.set(key, await found.json());
  }
  return known.get(key);
}

// Where it cannot be had at this moment, all parts are asked for by their usual words.
export const formOf = (country) => (country ? facts(`/address-forms/${country}`).catch(() => ANY) : Promise.resolve(ANY));

export async function addressFields(address, own) {
  const values = Object.fromEntries(Object.keys(PARTS).map((part) => [part, address?.[part] ?? '']));
  const names = (await facts('/address-forms').catch(() => [[values.country, values.country]]))
    .toSorted((a, b) => new Intl.Collator(current()).compare(a[1], b[1]));
  const country = select('country', say('country'), [['', say('choose')], ...names], values.country, { autocomplete: own ? 'country' : 'off' });
  const parts = h('div', { class: 'parts' });
  const place = h('div', { class: 'address' }, country, parts);
  let drawn = 0;

  function part(name, rules) {
    const label = rules.labels[name] ?? say(name);
    const attributes = { value: values[name], autocomplete: own ? PARTS[name] : 'off', maxlength: 200, required: rules.required.includes(name) };
    if (name === 'region' && rules.regions.length) {
      const there = rules.regions.find(([code, text]) => [code, text].includes(values.region));
      const other = values.region && !there ? [[values.region, values.region]] : [];
      return select(name, label, [['', say('choose')], ...other, ...rules.regions.map(([code, text]) => [there?.[0] === code ? values.region : code, text])], values.region, { autocomplete: attributes.autocomplete });
    }
    return field(name, label, { ...attributes, optional: name === 'street2' || (rules !== ANY && !attributes.required) });
  }

  const keep = () => place.querySelectorAll('input, select').forEach((each) => { values[each.name] = each.value; });
  async function draw() {
    const at = ++drawn;
    const rules = await formOf(values.country);
    // A slower answer about a country that was chosen before.
    if (at !== drawn) return;
    const rows = rules.rows.map((row) => row.filter((name) => values[name] || !rules.unusual.includes(name))).filter((row) => row.length);
    parts.replaceChildren(...rows.map((row) => h('div', { class: `row of-${row.length}` }, row.map((name) => part(name, rules)))));
    place.dispatchEvent(new CustomEvent('country', { bubbles: true, detail: rules }));
  }
  country.querySelector('select').addEventListener('change', () => { keep(); draw(); });
  place.fill = (kept) => {
    for (const name of Object.keys(PARTS)) values[name] = kept[name] ?? values[name];
    country.querySelector('select').value = values.country;
    draw();
  };
  await draw();
  return place;
}

// What is in them; null when it is what was there before.
export function changedAddress(sent, before) {
  const address = Object.fromEntries(Object.keys(PARTS).map((part) => [part, sent.elements[part]?.value.trim() || null]));
  return Object.keys(PARTS).some((part) => address[part] !== (before?.[part] ?? null)) ? address : null;
}

// A number of E.164 in groups like those of the country's example; as it is where it is none of that country.
export function grouped(number, example) {
  const digits = (text) => text.replace(/\D/g, '');
  if (!number || !example || digits(number).length !== digits(example).length) return number ?? '';
  const prefix = example.match(/^\+\d+/)[0];
  if (!number.startsWith(prefix)) return number;
  let at = 0;
  const all = digits(number);
  return example.replace(/\d/g, () => all[at++]);
}
