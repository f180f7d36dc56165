import type { Kind } from './plot-options.js';

/** What the marks of a chart mean, with the values at the pointer or of the whole period. */
export function Legend({ kinds, values, when }: { kinds: readonly Kind[]; values: readonly string[]; when: string }) {
  return (
    <div className="legend">
      <span className="legend-when">{when}</span>
      <ul>
        {kinds.map(({ name, token, dash }, index) => (
          <li key={name}>
            <svg viewBox="0 0 20 10" width="20" height="10" aria-hidden="true" className={`mark-${token}`}>
              {dash ? (
                <line x1="0" x2="20" y1="5" y2="5" strokeWidth="2.5" strokeDasharray={dash.join(' ')} />
              ) : (
                <rect width="20" height="10" rx="2" />
              )}
            </svg>
            {name} <strong>{values[index]}</strong>
          </li>
        ))}
      </ul>
    </div>
  );
}
