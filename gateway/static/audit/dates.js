// Days and moments in the reader's language, in one form everywhere on the page.

import { h } from '../dom.js';
import { current } from './words.js';

const locale = () => (current() === 'en' ? 'en-GB' : current());
const written = (options, value) => new Intl.DateTimeFormat(locale(), { timeZone: 'UTC', ...options }).format(new Date(value));

export const time = (text) => h('time', { datetime: text }, written({ dateStyle: 'long', timeStyle: 'short' }, text), ' UTC');
export const day = (text) => h('time', { datetime: text }, written({ dateStyle: 'long' }, text));
export const month = (text) => written({ month: 'long', year: 'numeric' }, text);
export const today = () => written({ dateStyle: 'long' }, Date.now());
