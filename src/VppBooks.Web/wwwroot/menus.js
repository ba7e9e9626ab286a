// Menus of rows: popovers of the browser, placed beside their button, with arrow keys.
(() => {
  const margin = 8;
  document.addEventListener('toggle', event => {
    const menu = event.target;
    if (event.newState !== 'open' || !menu.classList?.contains('action-menu')) {
      return;
    }
    const at = document.querySelector(`.action-menu-button[popovertarget="${CSS.escape(menu.id)}"]`)?.getBoundingClientRect();
    if (at) {
      const below = at.bottom + menu.offsetHeight + margin <= innerHeight;
      menu.style.insetInlineStart = `${Math.max(margin, Math.min(at.right - menu.offsetWidth, innerWidth - menu.offsetWidth - margin))}px`;
      menu.style.insetBlockStart = `${below ? at.bottom + 2 : Math.max(margin, at.top - menu.offsetHeight - 2)}px`;
      menu.querySelector('.action-menu-item')?.focus();
    }
  }, true);

  document.addEventListener('keydown', event => {
    const menu = event.target.closest?.('.action-menu');
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (menu && step) {
      event.preventDefault();
      const items = [...menu.querySelectorAll('.action-menu-item')];
      items.at((items.indexOf(event.target) + step) % items.length)?.focus();
    }
  });

  // A menu stays where it was opened; scrolling takes its button away.
  document.addEventListener('scroll', () => document.querySelector('.action-menu:popover-open')?.hidePopover(), { capture: true, passive: true });
})();
