import { Download } from 'lucide-react';
import { useState } from 'react';
import { Button } from '../ui/button.js';
import { useToast } from '../ui/toast.js';
import type { Period } from './period.js';
import { useStatisticsCsv } from './use-statistics.js';

/** Saves a period's statistics as a file: of one webhook, or null: of all. */
export function CsvButton({ webhookId, period }: { webhookId: number | null; period: Period }) {
  const read = useStatisticsCsv(webhookId, period);
  const toast = useToast();
  const [isBusy, setIsBusy] = useState(false);
  const save = async () => {
    setIsBusy(true);
    try {
      const url = URL.createObjectURL(await read());
      const link = document.createElement('a');
      link.href = url;
      link.download = `${webhookId === null ? 'webhooks' : `webhook-${webhookId}`}-${period.id}.csv`;
      link.click();
      // The browser has begun to read it by then.
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    } catch (error) {
      toast.error((error as Error).message);
    } finally {
      setIsBusy(false);
    }
  };
  return (
    <Button className="button plain small" isBusy={isBusy} onClick={() => void save()} aria-label="Download as CSV">
      <Download aria-hidden="true" /> CSV
    </Button>
  );
}
