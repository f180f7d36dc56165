import type { RequestListener } from 'node:http';
import type { CallListener } from '../sources/calls/call-listener.js';

/** For a process that only listens: `GET /healthz` says that it is alive, and the state of each switch. */
export function listenerHealth(listener: CallListener): RequestListener {
  return (request, response) => {
    const isHealth = request.method === 'GET' && request.url === '/healthz';
    const body = isHealth ? describe(listener) : { status: 'not found' };
    response.writeHead(isHealth ? 200 : 404, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  };
}

const describe = ({ switches, callsWithoutTenant }: CallListener) => ({
  // A switch that is away is not this process' fault: a restart would not help.
  status: 'ok',
  switches: switches.map(({ name, isConnected, since, waitingEvents, unusableEvents }) => ({
    name,
    connected: isConnected,
    since,
    waiting_events: waitingEvents,
    unusable_events: unusableEvents,
  })),
  calls_without_tenant: callsWithoutTenant,
});
