// What the pages need from the browser. No framework, no inline code.
(() => {
  const actions = {
    theme: () => window.Blazor?.theme?.switchTheme(),
    reload: () => location.reload(),
    skip: () => document.getElementById('content')?.focus(),
  };

  document.addEventListener('click', event => {
    const action = event.target.closest?.('[data-action]')?.dataset.action;
    if (action && actions[action]) {
      event.preventDefault();
      event.stopPropagation();
      actions[action]();
    }
  }, true);

  // "/" goes to the search box unless somebody is typing.
  document.addEventListener('keydown', event => {
    const typing = event.target.closest?.('input, textarea, select, [contenteditable], fluent-text-input, fluent-textarea');
    if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const search = document.getElementById('header-search');
      if (search) {
        event.preventDefault();
        search.focus();
      }
    }
  });

  // Keep the first paint's colors in step once the UI library has chosen.
  const follow = () => {
    document.documentElement.dataset.first = document.body.dataset.theme === 'dark' ? 'dark' : 'light';
  };
  document.body.addEventListener('themeChanged', follow);

  // Dialogs opened by the UI library's service have a title but no accessible name.
  const name = host => {
    const title = host.querySelector('[slot="title"]')?.textContent?.trim();
    const dialog = host.shadowRoot?.querySelector('dialog');
    if (title && dialog && dialog.getAttribute('aria-label') !== title) {
      dialog.setAttribute('aria-label', title);
    }
  };
  const nameAll = () => document.querySelectorAll('fluent-dialog, fluent-drawer').forEach(name);
  new MutationObserver(() => {
    nameAll();
    // Their inner part is drawn some frames later, which nobody tells.
    requestAnimationFrame(() => requestAnimationFrame(nameAll));
    setTimeout(nameAll, 250);
  }).observe(document.body, { childList: true, subtree: true, characterData: true });

  window.vppBooks = {
    timeZone: () => Intl.DateTimeFormat().resolvedOptions().timeZone,
    focusHeading: () => document.querySelector('main h1')?.focus({ preventScroll: true }),
  };
})();
