import { memo } from 'react';
import type { Event } from '../../../../src/client/api-types.js';
import { counted } from '../../text/numbers.js';
import { Link } from '../../ui/link.js';
import { Table } from '../../ui/table.js';
import { Time } from '../../ui/time.js';
import { useSteadyRows } from '../deliveries/use-steady-rows.js';
import { Outcome } from './outcome.js';

const columns = [
  'Event',
  'Deliveries',
  { title: 'Ordering key', wideOnly: true },
  { title: 'Accepted', wideOnly: true },
] as const;

/** One row an event. While the reader is in it, no row moves; what comes meanwhile is announced above. */
export function EventTable({ events, isLive }: { events: readonly Event[]; isLive: boolean }) {
  const { rows, newRows, events: handlers } = useSteadyRows(events, isLive);
  return (
    <div className="delivery-list">
      <p className="new-rows quiet" role="status">
        {newRows > 0 && `${counted(newRows, 'new event')}: shown when you leave the list.`}
      </p>
      <div {...handlers}>
        <Table name="Events" columns={columns}>
          {rows.map((event) => (
            <Row key={event.id} event={event} />
          ))}
        </Table>
      </div>
    </div>
  );
}

const Row = memo(function Row({ event }: { event: Event }) {
  const { id, event_type: type, event_id: eventId, ordering_key: key, sequence } = event;
  return (
    <tr>
      <th scope="row">
        <Link to={`events/${id}`}>{type}</Link>
        {event.test && <span className="quiet"> test</span>}
        <div className="clip mono quiet event-id" title={eventId}>
          {eventId}
        </div>
        <div className="narrow-only quiet event-id">
          <Time value={event.created_at} />
        </div>
      </th>
      <td>
        <Outcome counts={event.deliveries_by_status} />
      </td>
      <td className="wide-only">
        {key === null ? (
          <span className="quiet">–</span>
        ) : (
          <div className="clip mono event-id" title={`${key}, number ${sequence}`}>
            <Link to={`events?ordering_key=${encodeURIComponent(key)}`}>{key}</Link>
          </div>
        )}
      </td>
      <td className="nowrap wide-only">
        <Time value={event.created_at} />
      </td>
    </tr>
  );
});
