// Small pictures beside words: drawn in the colour of the text, and nothing to those who listen.

import { s } from '../dom.js';

const PATHS = {
  profile: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4 20c0-3.3 3.6-5 8-5s8 1.7 8 5',
  payments: 'M3 6h18v12H3zM3 10h18M7 15h4',
  services: 'M4 4h16v6H4zM4 14h16v6H4zM8 7h.01M8 17h.01',
  choices: 'M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4',
  security: 'M12 3l8 3v6c0 4.5-3.4 7.8-8 9-4.6-1.2-8-4.500-8-9V6zM9 12l2 2 4-4',
  readers: 'M2 12s3.600-6 10-6 10 6 10 6-3.600 6-10 6-10-6-10-6ZM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z',
  mine: 'M12 4v10M8 10l4 4 4-4M4 18v2h16v-2',
  person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM4 20c0-3.300 3.600-5 8-5s8 1.700 8 5',
  more: 'M6 9l6 6 6-6',
  yes: 'M5 12l5 5 9-10',
  no: 'M12 7v6M12 17h.01M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z',
  card: 'M3 6h18v12H3zM3 10h18',
  domain: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18',
};

export const icon = (name) => s('svg', { class: 'icon', viewBox: '0 0 24 24', 'aria-hidden': 'true', focusable: 'false' }, s('path', { d: PATHS[name] ?? PATHS.more }));
