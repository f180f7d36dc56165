import { useCallback } from 'react';
import { useSearchParams } from 'react-router';

/** Filters of a page that are in its url. Null takes one out. A change replaces the entry of the browser's history. */
export function useUrlFilters(): [URLSearchParams, (changes: Record<string, string | null>) => void] {
  const [parameters, setParameters] = useSearchParams();
  const change = useCallback(
    (changes: Record<string, string | null>) =>
      setParameters(
        (earlier) => {
          const next = new URLSearchParams(earlier);
          for (const [name, value] of Object.entries(changes)) {
            if (value === null) next.delete(name);
            else next.set(name, value);
          }
          return next;
        },
        { replace: true, preventScrollReset: true },
      ),
    [setParameters],
  );
  return [parameters, change];
}
