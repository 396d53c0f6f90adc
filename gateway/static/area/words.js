// What the client area says. Reasons and purposes come from the gateway itself.

import { current, has, say, speak as speakAs } from '../words.js';

export { asked, current, offer, say } from '../words.js';

export const speak = (wanted) => speakAs('area', wanted);
export const day = (moment) => (moment ? new Intl.DateTimeFormat(current(), { dateStyle: 'medium' }).format(new Date(moment)) : '');
export const hour = (moment) => (moment ? new Intl.DateTimeFormat(current(), { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(moment)) : '');
export const words = (name) => { const said = name.toLowerCase().replaceAll('_', ' '); return said[0].toUpperCase() + said.slice(1); };
// A field, by its name or its schema coordinate; one that this page does not know is called as the API calls it.
export const fieldName = (key) => (has(key) ? say(key) : words(key.split('.').at(-1).replace(/[A-Z]/g, ' $&')));
