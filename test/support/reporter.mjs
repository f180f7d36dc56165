import { writeFileSync } from 'node:fs';
import mocha from 'mocha';

/**
 * Mocha's spec reporter. At the end it also writes the counts as JSON to the file that TEST_COUNTS_FILE names. The
 * runner adds them up; if the file is missing, the run has crashed.
 */
export default class CountingSpecReporter extends mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      const file = process.env.TEST_COUNTS_FILE;
      if (file) writeFileSync(file, JSON.stringify({ passed: passes, failed: failures, skipped: pending }));
    });
  }
}
