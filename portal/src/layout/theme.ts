import { useCallback, useSyncExternalStore } from 'react';

const storageKey = 'irisx-theme';
const changed = 'irisx-theme-changed';
const system = window.matchMedia('(prefers-color-scheme: dark)');

/** What the viewer has chosen; null: as the system has it. An iframe may be refused its storage. */
function chosen(): string | null {
  try {
    return localStorage.getItem(storageKey);
  } catch {
    return null;
  }
}

let current = chosen();
apply();

function apply(): void {
  if (current) document.documentElement.dataset['theme'] = current;
}

const isDarkNow = () => (current ? current === 'dark' : system.matches);

function subscribe(notify: () => void): () => void {
  system.addEventListener('change', notify);
  window.addEventListener(changed, notify);
  return () => {
    system.removeEventListener('change', notify);
    window.removeEventListener(changed, notify);
  };
}

/** Whether the colours are dark: charts draw anew when that changes. */
export function useTheme(): { isDark: boolean; toggle: () => void } {
  const isDark = useSyncExternalStore(subscribe, isDarkNow);
  const toggle = useCallback(() => {
    current = isDarkNow() ? 'light' : 'dark';
    apply();
    try {
      localStorage.setItem(storageKey, current);
    } catch {
      // Then it lasts for as long as the page.
    }
    window.dispatchEvent(new Event(changed));
  }, []);
  return { isDark, toggle };
}
