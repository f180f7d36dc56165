import { writeFileSync } from 'node:fs';
import mocha from 'mocha';

/**
 * Mocha's spec reporter, which at the end writes the counts as JSON into the file that TEST_COUNTS_FILE names. The
 * runner adds them up; without that file a run has crashed.
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
