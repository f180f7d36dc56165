import { EmptyState } from '../../ui/empty-state.js';
import { Link } from '../../ui/link.js';
import { nothing } from './filters.js';
import { isFiltered, type DeliveryFilters } from './query-of.js';

interface NoDeliveriesProps {
  filters: DeliveryFilters;
  clear: (changes: DeliveryFilters) => void;
}

/** Why the list is empty: nothing was ever sent, or nothing fits the filters. */
export function NoDeliveries({ filters, clear }: NoDeliveriesProps) {
  if (!isFiltered(filters))
    return (
      <EmptyState title="Nothing has been sent yet.">
        A delivery appears here as soon as an event happens that one of your webhooks subscribes to.{' '}
        <Link to="webhooks">Create a webhook</Link>, or open one and send it a test.
      </EmptyState>
    );
  const events = new URLSearchParams();
  if (filters.event_type) events.set('event_type', filters.event_type);
  if (filters.event_id) events.set('event_id', filters.event_id);
  return (
    <EmptyState title="No delivery fits these filters.">
      <button type="button" className="link-button" onClick={() => clear(nothing)}>
        Clear all filters
      </button>{' '}
      or look whether the event happened at all: <Link to={`events?${events}`}>Events</Link> shows also those that no
      webhook wanted.
    </EmptyState>
  );
}
