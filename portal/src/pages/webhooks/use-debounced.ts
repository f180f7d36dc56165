import { useEffect, useState } from 'react';

/** The value as it was when it had not changed for so long. It must be text. */
export function useDebounced(value: string, ms = 350): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
