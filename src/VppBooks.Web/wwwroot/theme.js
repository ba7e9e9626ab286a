// Runs before the first paint, so that a dark console does not flash white. The key is the UI library's own.
(() => {
  let mode = null;
  try {
    mode = JSON.parse(localStorage.getItem('fluentui-blazor:theme-settings'))?.mode;
  } catch {
    // Storage may be blocked; the system's choice serves.
  }
  const dark = mode === 'dark' || (mode !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.first = dark ? 'dark' : 'light';
})();
