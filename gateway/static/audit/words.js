// What the page says. Sentences about the policy come from the gateway itself.

import { say, speak as speakAs } from '../words.js';

export { asked, current, offer, say } from '../words.js';

export const speak = (wanted) => speakAs('audit', wanted);
export const count = (number) => say('fields', number);

// The sentence of a name of the policy, as the gateway has it in this language.
let sentences = new Map();

export function learn(words) {
  sentences = new Map(words.map((each) => [`${each.enum} ${each.name}`, each.text]));
}

export const sentence = (kind, name) => sentences.get(`${kind} ${name}`) ?? name;
