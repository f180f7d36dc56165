// uPlot makes a number format of navigator.language as it is loaded. Chromium on a Linux with LANG=C has `en-US@posix`
// there, which is no language tag: pages with charts would not open.
try {
  Intl.getCanonicalLocales(navigator.language);
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en' });
}
