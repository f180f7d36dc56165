import { useCallback, useEffect, useRef } from 'react';
import { useSearchParams } from 'react-router';

/** Filters of a page that are in its url. Null takes one out. A change replaces the entry of the browser's history. */
export function useUrlFilters(): [URLSearchParams, (changes: Record<string, string | null>) => void] {
  const [parameters, setParameters] = useSearchParams();
  // A second change may come before the router has rendered the first: it goes on from there.
  const latest = useRef(parameters);
  useEffect(() => {
    latest.current = parameters;
  }, [parameters]);
  const change = useCallback(
    (changes: Record<string, string | null>) => {
      const next = new URLSearchParams(latest.current);
      for (const [name, value] of Object.entries(changes)) {
        if (value === null) next.delete(name);
        else next.set(name, value);
      }
      latest.current = next;
      setParameters(next, { replace: true, preventScrollReset: true });
    },
    [setParameters],
  );
  return [parameters, change];
}
