/**
 * A test that mostly waits. It starts together with the other scenarios of its `describe`, after the `before` hooks
 * above it, and is reported in its turn.
 */
export function scenario(title: string, run: () => Promise<void>): void {
  let outcome: Promise<void>;
  before(() => {
    outcome = run();
    // reported by its `it`
    outcome.catch(() => undefined);
  });
  it(title, () => outcome);
}
