import { useNow } from '../../ui/time.js';
import { statuses, type DeliveryStatus } from '../../text/deliveries.js';
import { Link } from '../../ui/link.js';
import { explainDelivery, type Situation } from './explain-delivery.js';

/** What begins the line that says what to do next. */
const labels: Partial<Record<DeliveryStatus, string>> = {
  failed: 'What to do:',
  expired: 'What to do:',
  held: 'What to do:',
  cancelled: 'What to do:',
  pending: 'Next:',
};

/** Why the delivery is where it is, in plain words, and what to do next. */
export function StatusCard(situation: Omit<Situation, 'now'>) {
  const now = useNow(1_000);
  const { status } = situation.delivery;
  const { tone, title, reason, next, links } = explainDelivery({ ...situation, now });
  return (
    <section className={`status-card ${tone}`} aria-label="What happened">
      <h2>{title}</h2>
      {/* Said when the status changes, not every second. */}
      <p className="visually-hidden" role="status">
        {`Status: ${statuses[status].title}`}
      </p>
      {reason && <p>{reason}</p>}
      {next && (
        <p>
          {labels[status] && <strong>{labels[status]} </strong>}
          {next}
        </p>
      )}
      {links.length > 0 && (
        <p className="row status-links">
          {links.map(({ text, to }) => (
            <Link key={to} to={to}>
              {text}
            </Link>
          ))}
        </p>
      )}
    </section>
  );
}
