// What the client area says. Reasons and purposes come from the gateway itself.

import { current, speak as speakAs } from '../words.js';

export { asked, current, has, offer, say } from '../words.js';

export const speak = (wanted) => speakAs('area', wanted);
export const day = (moment) => (moment ? new Intl.DateTimeFormat(current(), { dateStyle: 'medium' }).format(new Date(moment)) : '');
export const hour = (moment) => (moment ? new Intl.DateTimeFormat(current(), { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(moment)) : '');
export const words = (name) => { const said = name.toLowerCase().replaceAll('_', ' '); return said[0].toUpperCase() + said.slice(1); };
