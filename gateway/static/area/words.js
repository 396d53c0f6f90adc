// What the client area says. Reasons and purposes come from the gateway itself.

import { current, has, say, speak as speakAs } from '../words.js';

export { asked, current, offer, say } from '../words.js';

export const speak = (wanted) => speakAs('area', wanted);
// Dates as the letters and pages of the gateway have them: in English the day stands before the month.
const locale = () => (current() === 'en' ? 'en-GB' : current());
const written = (moment, style) => (moment ? new Intl.DateTimeFormat(locale(), style).format(new Date(moment)) : '');
export const day = (moment) => written(moment, { dateStyle: 'long' });
export const hour = (moment) => [day(moment), written(moment, { timeStyle: 'short' })].filter(Boolean).join(', ');
export const time = (moment) => written(moment, { timeStyle: 'short' });
// Within a sentence a name of a field begins small, in languages that do not write nouns with a capital.
export const small = (text) => (['en', 'fr'].includes(current()) ? text.charAt(0).toLocaleLowerCase() + text.slice(1) : text);
export const listed = (parts) => new Intl.ListFormat(locale()).format(parts);
export const countryName = (code) => (code ? new Intl.DisplayNames([current()], { type: 'region', fallback: 'code' }).of(code) : '');
// An address as it stands on an envelope, with the country in the reader's words.
export const envelope = (address) => (address?.formatted && address.country ? [...address.formatted.slice(0, -1), countryName(address.country)] : address?.formatted ?? []);
export const words = (name) => { const said = name.toLowerCase().replaceAll('_', ' '); return said[0].toUpperCase() + said.slice(1); };
// What a purpose means to the reader; of one that this release does not know what the gateway says of it.
export const why = (purpose, text) => (has(`for_${purpose}`) ? say(`for_${purpose}`) : text ?? '');
// A field, by its name or its schema coordinate; one that this page does not know is called as the API calls it.
export const fieldName = (key) => (has(key) ? say(key) : words(key.split('.').at(-1).replace(/[A-Z]/g, ' $&')));
