import { useEffect } from 'react';
import { useBlocker } from 'react-router';
import { ConfirmDialog } from '../../ui/dialog.js';

/** Asks before a page with changes that are not saved is left. */
export function LeaveGuard({ isDirty }: { isDirty: boolean }) {
  const blocker = useBlocker(isDirty);
  useEffect(() => {
    if (!isDirty) return undefined;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [isDirty]);
  if (blocker.state !== 'blocked') return null;
  return (
    <ConfirmDialog
      title="Leave without saving?"
      action="Leave"
      isDangerous
      onConfirm={async () => blocker.proceed()}
      onClose={() => blocker.state === 'blocked' && blocker.reset()}
    >
      <p>What you have changed on this page is not saved. If you leave, it is lost.</p>
    </ConfirmDialog>
  );
}
