// The choice of cookies on the company's own web site: asks once, obeys Global Privacy Control, starts only what was
// chosen. Served by the gateway as `/consent.js`, with its words and settings in the place of 'SETTINGS'.
(() => {
  'use strict';
  const { name, version, domain, days, gpc: sent, language, say } = 'SETTINGS';
  const own = document.currentScript;
  const gpc = sent || navigator.globalPrivacyControl === true;
  const scope = `; Path=/; SameSite=Lax${location.protocol === 'https:' ? '; Secure' : ''}`;
  const within = domain && (location.hostname === domain || location.hostname.endsWith(`.${domain}`)) ? `; Domain=${domain}` : '';
  let panel = null;

  // The choice that holds: none when it is of another wording, or too old.
  function kept() {
    const [text, word, day] = document.cookie.split('; ').find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1).split('~') ?? [];
    return text === version && ['yes', 'no'].includes(word) && Date.now() - Date.parse(day) < days * 864e5 ? word === 'yes' : null;
  }

  // Whoever measures listens: once when the page is there, and at each change.
  function tell() {
    const choice = kept();
    window.consent = Object.freeze({ measurement: choice === true, chosen: choice !== null, globalPrivacyControl: gpc, edit: show });
    document.dispatchEvent(new CustomEvent('consent', { detail: window.consent }));
  }

  // What waits for the choice: <script type="text/plain" data-consent="measurement" data-src="…">, and pictures and frames.
  function start() {
    for (const each of document.querySelectorAll('[data-consent="measurement"]')) {
      const made = document.createElement(each.localName);
      for (const { name: key, value } of each.attributes) if (!['type', 'data-consent', 'data-src'].includes(key)) made.setAttribute(key, value);
      if (each.nonce) made.nonce = each.nonce;
      if (each.dataset.src) made.src = each.dataset.src;
      made.textContent = each.textContent;
      each.replaceWith(made);
    }
  }

  function choose(yes) {
    const before = kept();
    document.cookie = `${name}=${version}~${yes ? 'yes' : 'no'}~${new Date().toISOString().slice(0, 10)}; Max-Age=${days * 86400}${within}${scope}`;
    if (!yes) for (const each of (own.dataset.cookies ?? '').split(/\s+/).filter(Boolean)) for (const where of [within, '']) document.cookie = `${each}=; Max-Age=0${where}${scope}`;
    hide();
    tell();
    if (yes) start();
    // What runs cannot be stopped otherwise.
    else if (before) location.reload();
  }

  function hide() {
    panel?.remove();
    panel = null;
    edit();
  }

  const styles = new CSSStyleSheet();
  styles.replaceSync(`:host{all:initial}div{position:fixed;inset:auto 1rem 1rem;z-index:2147483647;max-width:34rem;margin:0 auto;padding:1rem 1.2rem;
    font:16px/1.5 system-ui,sans-serif;color:CanvasText;background:Canvas;color-scheme:light dark;border:1px solid GrayText;border-radius:12px;box-shadow:0 8px 30px #0004}
    p{margin:0 0 .8rem}span{display:flex;flex-wrap:wrap;gap:.6rem}button{flex:1 1 8rem;min-height:2.75rem;font:600 1rem system-ui,sans-serif;border-radius:8px;border:1px solid;cursor:pointer;background:Canvas;color:CanvasText}
    a{color:inherit}.edit{inset:auto auto .5rem .5rem;padding:0;border:0;box-shadow:none;background:none}.edit button{min-height:1.8rem;padding:0 .7rem;font:.85rem system-ui,sans-serif;flex:none}`);

  function place(kind, ...children) {
    const host = document.createElement('section');
    host.setAttribute('aria-label', say.title);
    const shadow = host.attachShadow({ mode: 'open' });
    shadow.adoptedStyleSheets = [styles];
    const box = shadow.appendChild(document.createElement('div'));
    box.className = kind;
    box.append(...children);
    document.body.append(host);
    return host;
  }

  function made(tag, text, work) {
    const element = document.createElement(tag);
    element.textContent = text;
    if (work) Object.assign(element, { type: 'button', onclick: work });
    return element;
  }

  function show() {
    panel?.remove();
    const told = kept() === null && gpc ? say.control : kept() ? say.on : say.off;
    const both = document.createElement('span');
    // Two equal buttons, so that neither choice is nudged.
    both.append(made('button', say.refuse, () => choose(false)), made('button', say.accept, () => choose(true)));
    const more = Object.assign(made('a', say.privacy), { href: `${new URL(own.src).origin}/privacy?lang=${language}` });
    const text = made('p', `${say.wording} ${told} `);
    text.append(more);
    panel = place('', text, both);
  }

  // "Edit my choices" on every page: the site's own links, or a small button where it has none.
  function edit() {
    const links = document.querySelectorAll('[data-edit-choices]');
    links.forEach((each) => { each.onclick = (event) => { event.preventDefault(); show(); }; });
    if (!links.length) panel = place('edit', made('button', gpc && kept() === null ? `${say.edit} · GPC` : say.edit, show));
  }

  function begin() {
    if (kept()) start();
    tell();
    // Whoever sends Global Privacy Control has answered already: nothing is measured, and nothing is asked.
    if (kept() === null && !gpc) show();
    else edit();
  }

  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', begin);
  else begin();
})();
