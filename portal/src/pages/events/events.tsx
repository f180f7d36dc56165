import { useState } from 'react';
import { livePages } from '../../api/pages.js';
import { useQueries } from '../../api/session.js';
import { EmptyState } from '../../ui/empty-state.js';
import { Link } from '../../ui/link.js';
import { LoadMore } from '../../ui/load-more.js';
import { Loaded } from '../../ui/loaded.js';
import { Page } from '../../ui/page.js';
import { useUrlFilters } from '../../ui/url-filters.js';
import { LiveSwitch } from '../deliveries/live-switch.js';
import { EventTable } from './event-table.js';
import { Filters, filtersOf, isFiltered, noFilters, queryOf } from './filters.js';
import '../deliveries/deliveries.css';
import './events.css';

const everyMs = 4_000;

/** What happened, newest first, whether or not a webhook wanted it. */
export function Events() {
  const [parameters, change] = useUrlFilters();
  const [isLive, setIsLive] = useState(true);
  const filters = filtersOf(parameters);
  const query = useQueries().useInfiniteQuery(
    'get',
    '/v1/events',
    { params: { query: queryOf(filters) } },
    livePages(isLive, everyMs),
  );
  const isFurther = (query.data?.pages.length ?? 1) > 1;
  return (
    <Page
      title="Events"
      lead="What happened, whether or not a webhook wanted it. Open an event to see who got it, or why nobody did."
      actions={<LiveSwitch isOn={isLive} isHeld={isFurther} onChange={setIsLive} />}
    >
      <Filters filters={filters} onChange={change} />
      <Loaded query={query} lines={8}>
        {(data) => {
          const events = data.pages.flatMap((page) => page.events);
          if (events.length === 0) return <NoEvents isFiltered={isFiltered(filters)} clear={() => change(noFilters)} />;
          return (
            <>
              <EventTable events={events} isLive={isLive && !isFurther} />
              <LoadMore query={query} />
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

function NoEvents({ isFiltered, clear }: { isFiltered: boolean; clear: () => void }) {
  return isFiltered ? (
    <EmptyState title="No event fits these filters.">
      An event that is not here never reached the service, or is older than events are kept.{' '}
      <button type="button" className="link-button" onClick={clear}>
        Clear all filters
      </button>
    </EmptyState>
  ) : (
    <EmptyState title="No event has happened yet.">
      Calls, messages and the like appear here within a second. <Link to="event-types">See which events there are</Link>
      , or open a <Link to="webhooks">webhook</Link> and send a test.
    </EmptyState>
  );
}
