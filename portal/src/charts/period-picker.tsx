import { useSearchParams } from 'react-router';
import { periodOf, periods, type Period } from './period.js';

/** The period in the url. */
export function usePeriod(): Period {
  const [parameters] = useSearchParams();
  return periodOf(parameters.get('period'));
}

/** Buttons that choose it. */
export function PeriodPicker() {
  const [, setParameters] = useSearchParams();
  const current = usePeriod();
  const choose = ({ id }: Period) =>
    setParameters(
      (earlier) => {
        earlier.set('period', id);
        return earlier;
      },
      { replace: true, preventScrollReset: true },
    );
  return (
    <div className="segments" role="group" aria-label="Period">
      {periods.map((period) => (
        <button key={period.id} type="button" aria-pressed={period === current} onClick={() => choose(period)}>
          {period.title}
        </button>
      ))}
    </div>
  );
}
