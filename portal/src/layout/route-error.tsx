import { useRouteError } from 'react-router';
import { Button } from '../ui/button.js';
import { GatePage } from './gate.js';

/** A page could not be shown: its file was not found, as a newer release is out, or it has a fault. */
export function RouteError() {
  const error = useRouteError();
  return (
    <GatePage title="This page could not be shown">
      <p>{error instanceof Error ? error.message : String(error)}</p>
      <Button kind="primary" onClick={() => window.location.reload()}>
        Load it again
      </Button>
    </GatePage>
  );
}
