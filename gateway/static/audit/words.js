// What the page says. Sentences about the policy come from the gateway itself.

import { has, say, speak as speakAs } from '../words.js';

export { asked, current, offer, say } from '../words.js';

export const speak = (wanted) => speakAs('audit', wanted);
export const count = (number) => say('fields', number);

// The sentence of a name of the policy, as the gateway has it in this language.
let sentences = new Map();

export function learn(words) {
  sentences = new Map(words.map((each) => [`${each.enum} ${each.name}`, each.text]));
}

export const sentence = (kind, name) => sentences.get(`${kind} ${name}`) ?? name;

const ENUMS = { purpose: 'Purpose', category: 'DataCategory', recipient: 'Recipient' };

// A few words for a heading. What the page has none for, such as a purpose that was added, has its sentence.
export const title = (kind, name) => (has(`${kind}_${name}`) ? say(`${kind}_${name}`) : sentence(ENUMS[kind], name).replace(/\.$/, ''));

// The word for a name of another list; the name itself where there is none.
export const worded = (kind, name) => (has(`${kind}_${name}`) ? say(`${kind}_${name}`) : name);
