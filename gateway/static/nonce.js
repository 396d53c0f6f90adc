// The one style element that GraphiQL makes by itself (to stop the page from scrolling under a dialog) carries the
// nonce of this page, so that the policy needs no 'unsafe-inline'. Its bundle looks for the nonce under this name.
window.__webpack_nonce__ = document.body.dataset.nonce;
