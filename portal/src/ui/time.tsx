import { useEffect, useState } from 'react';
import { clockTime, fullTime, relativeTime, shortTime } from '../text/times.js';

const texts = { short: (value: string) => shortTime(value), full: fullTime, clock: clockTime };

/** In the viewer's zone; all of it is in the title. Null: a dash. */
export function Time({
  value,
  as = 'short',
}: {
  value: string | null | undefined;
  as?: 'short' | 'full' | 'relative' | 'clock';
}) {
  if (!value) return <span className="quiet">–</span>;
  return (
    <time dateTime={value} title={fullTime(value)}>
      {as === 'relative' ? <Relative value={value} /> : texts[as](value)}
    </time>
  );
}

function Relative({ value }: { value: string }) {
  const now = useNow();
  return relativeTime(value, now);
}

/** The present time, to within so many milliseconds. */
export function useNow(everyMs = 10_000): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
