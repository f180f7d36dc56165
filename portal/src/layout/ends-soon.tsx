import { useSession } from '../api/session.js';
import { Time, useNow } from '../ui/time.js';

const soonMs = 10 * 60_000;

/** A session ends at its time however busy it is, and what is typed but not saved is lost with it. */
export function EndsSoon() {
  const { expires_at: expiresAt } = useSession();
  const leftMs = Date.parse(expiresAt) - useNow().getTime();
  if (leftMs > soonMs) return null;
  return (
    <p className="note warn ends-soon" role="status">
      Your session ends at <Time value={expiresAt} />. Save what you are typing before.
    </p>
  );
}
