// What a page says, in the reader's language: fetched from the one catalogue, by name, with the forms for counts.

import { at } from './root.js';

let said = { language: 'en', direction: 'ltr', languages: {}, texts: {} };

export const current = () => said.language;

// The same as the API names it, which knows the languages that the product comes with.
export const asked = () => said.graphql ?? 'en';

// The tags and names of the other languages.
export const others = () => Object.entries(said.languages).filter(([tag]) => tag !== said.language);

export async function speak(part, wanted) {
  const answer = await fetch(at(`/words/${part}?lang=${encodeURIComponent(wanted)}`));
  if (!answer.ok) throw new Error(`no words: ${answer.status}`);
  said = await answer.json();
  document.documentElement.lang = said.language;
  document.documentElement.dir = said.direction;
}

export const has = (key) => key in said.texts;

// Without words of this name it is the name itself. Where a count chooses, it is the first fact.
export function say(key, ...facts) {
  const text = said.texts[key] ?? key;
  const form = typeof text === 'string' ? text : text[new Intl.PluralRules(said.language).select(facts[0])] ?? text.other;
  return facts.reduce((found, fact, place) => found.replace(`{${place}}`, () => fact), form);
}

// Links to the page in each other language.
export function offer(place, make, choose) {
  place.replaceChildren(...others().map(([tag, name]) => make('button', { type: 'button', class: 'plain', lang: tag, 'data-language': tag, onclick: () => choose(tag) }, name)));
}
