import { useState } from 'react';
import { livePages } from '../../api/pages.js';
import { useQueries } from '../../api/session.js';
import { LoadMore } from '../../ui/load-more.js';
import { Loaded } from '../../ui/loaded.js';
import { Page } from '../../ui/page.js';
import { useUrlFilters } from '../../ui/url-filters.js';
import { DeliveryTable } from './delivery-table.js';
import { Filters } from './filters.js';
import { LiveSwitch } from './live-switch.js';
import { NoDeliveries } from './no-deliveries.js';
import { queryOf, filtersOf } from './query-of.js';
import './deliveries.css';

const everyMs = 3_000;

/** What was sent to all webhooks, newest first. */
export function Deliveries() {
  const [parameters, change] = useUrlFilters();
  const [isLive, setIsLive] = useState(true);
  const filters = filtersOf(parameters);
  const query = useQueries().useInfiniteQuery(
    'get',
    '/v1/deliveries',
    { params: { query: queryOf(filters) } },
    livePages(isLive, everyMs),
  );
  const isFurther = (query.data?.pages.length ?? 1) > 1;
  return (
    <Page
      title="Deliveries"
      lead="One event for one webhook. Open a delivery to see what was sent, what came back, and what to do."
      actions={<LiveSwitch isOn={isLive} isHeld={isFurther} onChange={setIsLive} />}
    >
      <Filters filters={filters} onChange={change} />
      <Loaded query={query} lines={8}>
        {(data) => {
          const deliveries = data.pages.flatMap((page) => page.deliveries);
          if (deliveries.length === 0) return <NoDeliveries filters={filters} clear={change} />;
          return (
            <div className="stack" aria-busy={query.isPlaceholderData}>
              <DeliveryTable deliveries={deliveries} isLive={isLive && !isFurther} />
              <LoadMore query={query} />
            </div>
          );
        }}
      </Loaded>
    </Page>
  );
}
